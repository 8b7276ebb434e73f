import type { Session } from '../postgres/connect.ts'
import { applicationName } from '../postgres/sessions.ts'
import { type CurrentLimits, LIMIT_COLUMNS, NO_LIMITS } from './limits.ts'

/** What a lane is told while it copies. */
export interface LaneControl extends CurrentLimits {
  /** Numbers of the lanes that are in a transaction on the destination at the moment, this one included. */
  readonly active: readonly number[]
  /** How many lanes of the run are at work on this server, those of its other databases included. */
  readonly atWork: number
}

/**
 * The limits and the lanes at work, in one question. Which lanes are at work is what the server itself says of their
 * sessions: a lane that died is gone from there at once, in a table it would linger.
 */
export async function readLaneControl(destination: Session, run: string): Promise<LaneControl> {
  const [row] = await destination.rows<LaneControl>(
    `SELECT ${LIMIT_COLUMNS},
            ARRAY(SELECT pg_catalog.substr(a.application_name, pg_catalog.length($2) + 1)::integer
                    FROM pg_catalog.pg_stat_activity a
                   WHERE a.datname = pg_catalog.current_database() AND a.state <> 'idle'
                     AND pg_catalog.left(a.application_name, pg_catalog.length($2)) = $2
                     AND pg_catalog.substr(a.application_name, pg_catalog.length($2) + 1) ~ '^[0-9]+$')
              AS active,
            (SELECT COALESCE(pg_catalog.sum(LEAST(d.lanes, l.lanes)), 0)::integer
               FROM (SELECT pg_catalog.count(*) AS lanes FROM pg_catalog.pg_stat_activity a
                      WHERE a.state <> 'idle' AND pg_catalog.left(a.application_name, pg_catalog.length($2)) = $2
                      GROUP BY a.datname) d)
              AS "atWork"
       FROM sampan.limits l WHERE l.run = $1`,
    [run, applicationName(run, 'lane:')],
  )
  return row ?? { ...NO_LIMITS, active: [], atWork: 0 }
}

/**
 * Whether a lane may work: the lowest numbers go first, and as many as the limit allows. A lane above the limit goes on
 * when the others have nothing left to do.
 */
export function mayWork(lane: number, control: LaneControl): boolean {
  return !control.paused && control.active.filter((other) => other < lane).length < control.lanes
}

/**
 * A lane's share of what all of them may do together. The limits are the whole task's: lanes of its other databases share
 * in them, and when a database is done the others get its part.
 */
export function share({ active, lanes, atWork }: LaneControl): number {
  return 1 / Math.max(1, Math.min(active.length, lanes), atWork)
}
