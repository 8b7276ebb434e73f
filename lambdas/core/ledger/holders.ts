import type { Session } from '../postgres/connect.ts'
import { applicationName } from '../postgres/sessions.ts'

/** A session of the destination that others wait for. */
export interface Holder {
  /** 0: a prepared transaction. */
  readonly pid: number
  readonly name: string
  readonly account: string
  /** Of its transaction, as the server writes it. */
  readonly since: string | null
  /** One of this run that nobody is behind any more. */
  readonly dead: boolean
  /** One of this run. */
  readonly own: boolean
}

/** What a watch calls its session: from it everybody sees that the step behind the process still lives. */
export function watchPurpose(pid: number | null): string {
  return `watch:${pid ?? 0}`
}

/**
 * A session `a` of the run $1 (as a prefix of names) that waits for its client in a transaction, and for which no watch has
 * asked anything for $2 seconds: what it was opened by is dead, or cannot reach it. One that works is never dead: an index
 * is built to its end without anybody behind it.
 */
const IS_DEAD = `(pg_catalog.left(a.application_name, pg_catalog.length($1)) = $1
   AND a.usename = CURRENT_USER AND (a.state LIKE 'idle in transaction%' OR a.wait_event_type = 'Client')
   AND GREATEST(a.xact_start, a.state_change) < pg_catalog.clock_timestamp() - $2 * interval '1 second'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity w
                    WHERE w.datname = a.datname AND w.application_name = pg_catalog.concat($1, 'watch:', a.pid)
                      AND w.query_start > pg_catalog.clock_timestamp() - $2 * interval '1 second'))`

/**
 * A lane that lives opens its watch anew whenever that is lost, but only where there is a connection for it. Where there is
 * hardly one left, the lack of a watch proves nothing.
 */
const ROOM_FOR_WATCHES = `(
  SELECT pg_catalog.bool_and(used + 3 <= most) FROM (
    SELECT pg_catalog.count(*) AS used, pg_catalog.current_setting('max_connections')::integer
             - pg_catalog.current_setting('superuser_reserved_connections')::integer AS most
      FROM pg_catalog.pg_stat_activity WHERE datid IS NOT NULL
    UNION ALL
    SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity s WHERE s.usename = r.rolname), r.rolconnlimit
      FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER AND r.rolconnlimit >= 0
    UNION ALL
    SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity s WHERE s.datname = d.datname), d.datconnlimit
      FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database() AND d.datconnlimit >= 0
  ) connections)`

const HOLDER = `a.pid, a.application_name AS name, COALESCE(a.usename, '') AS account, a.xact_start::text AS since`

/**
 * Ends what is left of dead lanes: nobody waits for the chunks they hold, everybody passes them by, and without them
 * the copy never ends.
 */
export async function endDeadLanes(destination: Session, run: string, silentSeconds: number): Promise<Holder[]> {
  return destination.rows<Holder>(
    // Not among the conditions: the server would choose their order, and end whomever it asks about first.
    `SELECT ${HOLDER}, true AS dead, true AS own, pg_catalog.pg_terminate_backend(a.pid) AS ended
       FROM pg_catalog.pg_stat_activity a
      WHERE a.datname = pg_catalog.current_database() AND ${IS_DEAD}
        AND pg_catalog.substr(a.application_name, pg_catalog.length($1) + 1) LIKE 'lane:%'
        AND ${ROOM_FOR_WATCHES}`,
    [applicationName(run, ''), silentSeconds],
  )
}

/** Whom a session waits for at the moment. */
export async function readHolders(
  destination: Session,
  run: string,
  pid: number,
  silentSeconds: number,
): Promise<Holder[]> {
  return destination.rows<Holder>(
    `SELECT DISTINCT ON (h.pid) h.pid, COALESCE(a.application_name, '') AS name, COALESCE(a.usename, '') AS account,
            a.xact_start::text AS since, COALESCE(${IS_DEAD} AND ${ROOM_FOR_WATCHES}, false) AS dead,
            COALESCE(pg_catalog.left(a.application_name, pg_catalog.length($1)) = $1, false) AS own
       FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($3::integer)) AS h(pid)
       LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid`,
    [applicationName(run, ''), silentSeconds, pid],
  )
}

/** Ends sessions of our own account. */
export async function endSessions(destination: Session, pids: readonly number[]): Promise<void> {
  if (pids.length === 0) return
  await destination.rows(`SELECT pg_catalog.pg_terminate_backend(p) FROM pg_catalog.unnest($1::integer[]) AS p`, [pids])
}

/** Names only: what it runs may hold values. */
export function describeHolder({ pid, name, account, since }: Holder): string {
  if (pid === 0) return 'a prepared transaction'
  const who = [name === '' ? 'without a name' : name, account === '' ? '' : `of ${account}`].filter(
    (part) => part !== '',
  )
  return `process ${pid} (${who.join(', ')}${since === null ? '' : `, in its transaction since ${since}`})`
}
