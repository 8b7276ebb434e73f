import type { Session } from '../../postgres/connect.ts'
import { sqlFile } from '../../postgres/sql-file.ts'
import type { DueObject } from './due.ts'

const FREE_STEPS = sqlFile(new URL('./sql/free-steps.sql', import.meta.url))
const FREE_PARTS = sqlFile(new URL('./sql/free-parts.sql', import.meta.url))

/**
 * A step that a lane may take up: the whole object, the first of its two steps, or the second; or a part of what lies between
 * them. `sql` and `bytes` are the step's own.
 */
export interface DueStep extends DueObject {
  readonly step: 'whole' | 'build' | 'part' | 'finish'
  /** The part's number; null for other steps. */
  readonly part: number | null
  /** Of all steps with the same text one is under way at a time; null: no such limit. */
  readonly alone: string | null
  /** The one table it works on, by its oid on the source; null: more than one, or another thing. */
  readonly table: number | null
}

/**
 * Steps that a lane may take up now, largest first. Two questions in one flight.
 * @param smallBytes up to this size a relation is small: nothing waits for what is done on it
 */
export async function readFreeSteps(
  session: Session,
  run: string,
  limit: number,
  smallBytes: number,
): Promise<DueStep[]> {
  const [steps, parts] = await Promise.all([
    session.rows<DueStep>(FREE_STEPS, [run, limit, smallBytes]),
    session.rows<DueStep>(FREE_PARTS, [run, limit]),
  ])
  return [...steps, ...parts].sort((a, b) => b.bytes - a.bytes)
}

/** How far what comes after the rows is, and whether there is more to wait for. */
export interface Standing {
  /** Objects of the stage are not made yet, those under way included. */
  readonly pending: boolean
  /** All rows are there. */
  readonly copied: boolean
  /** The round of the copy is over without that, or another execution has taken over the run. */
  readonly ended: boolean
  /** Since the run began. */
  readonly seconds: number
}

export async function readStanding(session: Session, run: string, execution: string): Promise<Standing> {
  const [row] = await session.rows<Standing>(
    `SELECT EXISTS (SELECT FROM sampan.object o
                     WHERE o.run = r.id AND o.stage = 'index' AND o.status = 'pending') AS pending,
            r.copied_at IS NOT NULL AS copied,
            r.execution <> $2 OR r.copied_at IS NULL AND r.copy_ended_at IS NOT NULL AS ended,
            EXTRACT(epoch FROM pg_catalog.clock_timestamp() - r.started_at)::float8 AS seconds
       FROM sampan.run r WHERE r.id = $1`,
    [run, execution],
  )
  return row ?? { pending: false, copied: false, ended: true, seconds: 0 }
}
