import { type Check, count, findingOf, passed } from '../check.ts'

/** How long a statement may take before it is worth a word. */
const LONG_MINUTES = 5

export const sourceLongStatements: Check = statementsLongerThan(LONG_MINUTES * 60)

/** The check with another time. */
export function statementsLongerThan(seconds: number): Check {
  return {
    code: 'SRC_LONG_STATEMENTS',
    side: 'source',
    level: 'info',
    scope: 'database',
    needs: ['source'],
    title: `no statement has been at work in the source for more than ${LONG_MINUTES} minutes`,
    cause: 'statements have been at work for long: the source is busy, and the copy reads beside them',
    remedy:
      'copy at a quieter hour, or have the lanes slow down: throttle.automatic.sourceLatencyMilliseconds of the task',
    async run({ source }) {
      // What sends changes to a subscriber is at one statement for ever. Never their text, which holds values. A plain account sees no details of others’ sessions: those are not found.
      const rows = await source.rows<{ pid: number; user: string; since: string }>(
        `SELECT pid, usename AS user, query_start AS since FROM pg_catalog.pg_stat_activity AS a
          WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
            AND state = 'active' AND usename IS NOT NULL
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_replication AS w WHERE w.pid = a.pid)
            AND query_start <= pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $1::pg_catalog.float8)
          ORDER BY query_start`,
        [seconds],
      )
      return findingOf(
        rows.map((row) => `pid ${row.pid} of ${row.user}, since ${row.since}`),
        (number) => count(number, 'long statement'),
      )
    },
  }
}

export const sourceDeadlocks: Check = {
  code: 'SRC_DEADLOCKS',
  side: 'source',
  level: 'info',
  scope: 'database',
  needs: ['source'],
  title: 'the source has counted no deadlock in this database',
  cause: 'transactions of the source have ended each other by deadlocks since its counters were reset',
  remedy: 'nothing to do for the copy, which only reads; look into the application before the cutover',
  async run({ source }) {
    const [row] = await source.rows<{ deadlocks: number; since: string | null }>(
      `SELECT deadlocks::pg_catalog.float8 AS deadlocks, stats_reset AS since FROM pg_catalog.pg_stat_database
        WHERE datname = pg_catalog.current_database()`,
    )
    if (row === undefined || row.deadlocks === 0) return passed
    const since = row.since === null ? 'since the server’s counters began' : `since ${row.since}`
    return [{ cause: `${count(row.deadlocks, 'deadlock')} ${since}` }]
  },
}
