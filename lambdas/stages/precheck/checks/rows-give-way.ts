import { bytesText, numberOf } from '../../../core/present/units.ts'
import { type Check, count, findingOf } from '../check.ts'
import { judgedMeetings, meetings } from '../facts/meetings.ts'
import { shownName } from '../facts/sql.ts'

export const rowsGiveWay: Check = {
  code: 'DST_ROWS_GIVE_WAY',
  side: 'destination',
  level: 'warning',
  scope: 'database',
  needs: ['source', 'destinationDatabase'],
  title: 'no rows of the destination are taken away',
  cause: 'the task empties or drops tables that stand on the destination ("conflicts"): their rows are lost',
  remedy: 'keep a copy of what is still needed, then acknowledge this code, or take "conflicts" out of the task',
  async run(context) {
    // Where that does not arise, nor does this.
    await context.fact(judgedMeetings)
    const emptied = (await context.fact(meetings)).filter(({ mode }) => mode === 'truncate' || mode === 'replace')
    if (emptied.length === 0) return []
    // With those that are partitions on the destination alone: they go with their table.
    const tables = [
      ...new Map(
        emptied.flatMap(({ there }) => [there, ...there.partitions]).map((table) => [table.oid, table]),
      ).values(),
    ]
    const sizes = await context.destination.rows<{ oid: number; rows: number; bytes: string }>(
      `SELECT c.oid, c.reltuples::float8 AS rows, pg_catalog.pg_total_relation_size(c.oid)::text AS bytes
         FROM pg_catalog.pg_class AS c
        WHERE c.oid = ANY ($1::oid[]) AND c.relkind = 'r' AND pg_catalog.pg_relation_size(c.oid) > 0 ORDER BY c.oid`,
      [tables.map(({ oid }) => oid)],
    )
    const byOid = new Map(sizes.map((size) => [size.oid, size]))
    return findingOf(
      tables.flatMap((table) => {
        const size = byOid.get(table.oid)
        if (size === undefined) return []
        const rows = size.rows < 0 ? 'never counted' : `about ${numberOf(size.rows, 'row')}`
        return [`${shownName(table.schema, table.name)}: ${rows}, ${bytesText(Number(size.bytes))}`]
      }),
      (number) => `the rows of ${count(number, 'table')} on the destination will be taken away`,
    )
  },
}
