import type { Meeting } from '../../../core/existing/meetings.ts'
import { bytesText, numberOf } from '../../../core/present/units.ts'
import type { CheckContext } from '../context.ts'
import { shownName } from './sql.ts'

/** Tables of the destination that have rows, each as a line with about how many, and those that are partitions on the destination alone. */
export async function filledTables({ destination }: CheckContext, met: readonly Meeting[]): Promise<readonly string[]> {
  const tables = [
    ...new Map(met.flatMap(({ there }) => [there, ...there.partitions]).map((table) => [table.oid, table])).values(),
  ]
  const sizes = await destination.rows<{ oid: number; rows: number; bytes: string }>(
    `SELECT c.oid, c.reltuples::float8 AS rows, pg_catalog.pg_total_relation_size(c.oid)::text AS bytes
       FROM pg_catalog.pg_class AS c
      WHERE c.oid = ANY ($1::oid[]) AND c.relkind = 'r' AND pg_catalog.pg_relation_size(c.oid) > 0 ORDER BY c.oid`,
    [tables.map(({ oid }) => oid)],
  )
  const byOid = new Map(sizes.map((size) => [size.oid, size]))
  return tables.flatMap((table) => {
    const size = byOid.get(table.oid)
    if (size === undefined) return []
    const rows = size.rows < 0 ? 'never counted' : `about ${numberOf(size.rows, 'row')}`
    return [`${shownName(table.schema, table.name)}: ${rows}, ${bytesText(Number(size.bytes))}`]
  })
}
