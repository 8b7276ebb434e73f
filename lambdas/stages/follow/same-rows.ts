import type { Relation } from '../../core/ledger/relation.ts'
import { destinationPath, readRun } from '../../core/ledger/run.ts'
import type { StreamedTable } from '../../core/ledger/stream.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { HASH_ARRAYS } from '../../core/postgres/hash-bytes.ts'
import { askUnderPath, OWN_PATH } from '../../core/postgres/search-path.ts'
import { inTransaction } from '../../core/postgres/transaction.ts'
import { digestAtEnd } from '../../core/rows/digest.ts'

const WHOLE = { kind: 'whole', lower: null, upper: null, keyColumn: null } as const

interface Digest {
  readonly rows: string
  readonly digest: string | null
}

/** The tables as they are, each with the file that its rows are in now. */
export async function withFiles(source: Session, tables: readonly StreamedTable[]): Promise<readonly StreamedTable[]> {
  const rows = await source.rows<{ oid: number; file: number }>(
    'SELECT oid, relfilenode AS file FROM pg_catalog.pg_class WHERE oid = ANY ($1::oid[])',
    [tables.map(({ oid }) => oid)],
  )
  const files = new Map(rows.map(({ oid, file }) => [oid, file]))
  return tables.map((table) => ({ ...table, file: files.get(table.oid) }))
}

/**
 * Tables whose rows are in another file than they were. ALTER TABLE may have computed every value anew, of which the stream has nothing;
 * TRUNCATE, VACUUM FULL and CLUSTER look alike.
 */
export function inOtherFiles(before: readonly StreamedTable[], now: readonly StreamedTable[]): ReadonlySet<number> {
  const were = new Map(before.map(({ oid, file }) => [oid, file]))
  // One that was opened before Sampan kept them has none.
  return new Set(now.flatMap(({ oid, file }) => (were.get(oid) === undefined || were.get(oid) === file ? [] : [oid])))
}

/**
 * Reads tables on both servers, whatever the task has compared.
 * @param source in a transaction @param destination in none
 * @returns the first whose rows are not the same
 */
export async function firstThatDiffers(
  source: Session,
  destination: Session,
  run: string,
  relations: readonly Relation[],
): Promise<Relation | null> {
  const { source: identity } = await readRun(destination, run)
  const options = {
    digests: true,
    modernDigest: Math.min(source.serverVersion, destination.serverVersion) >= HASH_ARRAYS,
  }
  const digestOf = async (session: Session, path: string, query: string) =>
    askUnderPath(session, path, async () => {
      const [row] = await session.rows<Digest>(`SELECT d.rows, d.digest FROM (${query}) AS d(rows, digest)`)
      return row
    })
  for (const relation of relations) {
    const [here, there] = await Promise.all([
      digestOf(source, identity.searchPath ?? OWN_PATH, digestAtEnd(relation.source, WHOLE, options)),
      inTransaction(destination, () =>
        digestOf(destination, destinationPath(identity), digestAtEnd(relation.destination, WHOLE, options)),
      ),
    ])
    if (here?.rows !== there?.rows || here?.digest !== there?.digest) return relation
  }
  return null
}
