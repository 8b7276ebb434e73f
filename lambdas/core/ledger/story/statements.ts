import type { Session } from '../../postgres/connect.ts'
import { applicationName } from '../../postgres/sessions.ts'

/** A long statement that the destination is at, whether its lane still lives or not. */
export interface RunningStatement {
  readonly kind: string
  readonly name: string
  /** Since it began. */
  readonly seconds: number
  /** The server's word for what it is doing; null where it says nothing (validation, refresh). */
  readonly phase: string | null
  /** 0 to 1, of the phase; null where the server does not say. */
  readonly done: number | null
}

/** pg_stat_progress_create_index came with 12. */
const PROGRESS_SINCE = 120_000
const NO_PROGRESS = `(SELECT NULL::integer AS pid, NULL::text AS phase, NULL::bigint AS blocks_total,
  NULL::bigint AS blocks_done, NULL::bigint AS tuples_total, NULL::bigint AS tuples_done)`

/**
 * What the index lanes have under way at the moment, longest first; found by the name that each session gave itself. An object
 * that several lanes are at, or a statement with parallel workers, is one.
 */
export async function readStatements(destination: Session, run: string): Promise<RunningStatement[]> {
  const progress =
    destination.serverVersion >= PROGRESS_SINCE ? 'pg_catalog.pg_stat_progress_create_index' : NO_PROGRESS
  return destination.rows<RunningStatement>(
    `SELECT one.kind, one.name, one.phase, one.seconds, one.done FROM (
     SELECT DISTINCT ON (o.id) o.kind, o.name, COALESCE(p.phase, CASE WHEN k.done IS NOT NULL THEN 'its partitions' END) AS phase,
            EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.query_start)::float8 AS seconds,
            CASE WHEN p.tuples_total > 0 THEN p.tuples_done::float8 / p.tuples_total
                 WHEN p.blocks_total > 0 THEN p.blocks_done::float8 / p.blocks_total
                 ELSE k.done END AS done
       FROM (SELECT a.pid, a.query_start, pg_catalog.substr(a.application_name, pg_catalog.length($2) + 1) AS object
               FROM pg_catalog.pg_stat_activity a
              WHERE a.datname = pg_catalog.current_database() AND a.state = 'active'
                AND pg_catalog.left(a.application_name, pg_catalog.length($2)) = $2) a
       -- Of each session its object is looked up: there may be many thousand others. OFFSET 0: one by one, whatever the planner thinks.
       CROSS JOIN LATERAL (SELECT * FROM sampan.object o
                            WHERE o.run = $1 AND o.id = CASE WHEN a.object ~ '^[0-9]+$' THEN a.object::integer END OFFSET 0) o
       LEFT JOIN ${progress} p ON p.pid = a.pid
       LEFT JOIN (SELECT object, COALESCE(sum(bytes) FILTER (WHERE done_at IS NOT NULL), 0)::float8 / sum(bytes)::float8 AS done
                    FROM sampan.key_part WHERE run = $1 GROUP BY object) k ON k.object = o.id
      WHERE o.stage = 'index' AND o.status = 'pending'
      ORDER BY o.id, p.pid, a.query_start) one ORDER BY one.seconds DESC`,
    [run, applicationName(run, 'index:')],
  )
}
