import type { Structure, StructureEntry } from '../ledger/objects/structure.ts'
import type { Session } from '../postgres/connect.ts'
import { structureDigestSql, structureSql } from './structure-sql.ts'

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
