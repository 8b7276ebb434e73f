import { type Check, count, findingOf } from '../check.ts'

/** How old a transaction that writes may be before it is worth a word. */
const LONG_MINUTES = 60

export const longTransactions: Check = longerThan(LONG_MINUTES)

/** The check with another age. */
export function longerThan(minutes: number): Check {
  return {
    code: 'SRC_LONG_TRANSACTIONS',
    side: 'source',
    level: 'warning',
    scope: 'database',
    needs: ['source'],
    title: `no transaction that writes is open in the source for more than ${LONG_MINUTES} minutes`,
    cause: 'writing transactions are open for long: what they write is not in the snapshot, so it is not migrated',
    remedy: 'let them end or end them (pg_terminate_backend), or acknowledge this code',
    async run({ source }) {
      // A plain account sees no details of others’ sessions (pg_read_all_stats shows them): those are not found.
      const rows = await source.rows<{ pid: number; user: string; since: string }>(
        `SELECT pid, usename AS user, xact_start AS since FROM pg_catalog.pg_stat_activity
          WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
            AND backend_xid IS NOT NULL
            AND xact_start <= pg_catalog.clock_timestamp() - pg_catalog.make_interval(mins => $1::pg_catalog.int4)
          ORDER BY xact_start`,
        [minutes],
      )
      return findingOf(
        rows.map((row) => `pid ${row.pid} of ${row.user}, since ${row.since}`),
        (number) => `${count(number, 'writing transaction')} open for more than ${minutes} minutes`,
      )
    },
  }
}
