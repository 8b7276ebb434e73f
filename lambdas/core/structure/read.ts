import type { Session } from '../postgres/connect.ts'
import { structureDigestSql, structureSql } from './structure-sql.ts'

/** An object of the source, as one digest of all that is written of it in the catalogues. */
export interface StructureEntry {
  /** In people's words: table, index, query of the view. */
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  readonly digest: string
}

/** The source's structure as the session's transaction sees it. */
export interface Structure {
  readonly entries: readonly StructureEntry[]
  /** Of all entries. */
  readonly digest: string
}

/** @param source in a transaction that reads one view */
export async function readStructure(source: Session): Promise<Structure> {
  const entries = await source.rows<StructureEntry>(structureSql(source.serverVersion))
  return { entries, digest: await readStructureDigest(source) }
}

/** The digest alone: a row, however many objects there are. */
export async function readStructureDigest(source: Session): Promise<string> {
  const [row] = await source.rows<{ digest: string }>(structureDigestSql(source.serverVersion))
  return row?.digest ?? ''
}
