import type { Session } from '../postgres/connect.ts'

export interface RunEvent {
  readonly level: 'info' | 'warning' | 'error'
  readonly step: string
  readonly lane?: number | null
  readonly code: string
  /** One line, no secret, no row value. */
  readonly message: string
}

/** Appends events to the run's story, in a statement of their own. */
export async function writeEvents(destination: Session, run: string, events: readonly RunEvent[]): Promise<void> {
  if (events.length === 0) return
  await destination.rows(
    `INSERT INTO sampan.event (run, level, step, lane, code, message)
     SELECT $1, e.level, e.step, e.lane, e.code, e.message
       FROM pg_catalog.jsonb_to_recordset($2::jsonb)
         AS e(level text, step text, lane integer, code text, message text)`,
    [run, JSON.stringify(events)],
  )
}

/** A warning as somebody who watches is told it. */
export interface Warning {
  /** Rises with each event of the ledger. */
  readonly number: number
  readonly code: string
  readonly message: string
}

/** Of what was written before the first look only this much is told: the rest is of an earlier start. */
const JUST_NOW = '10 seconds'
const MOST_WARNINGS = 20

/**
 * The warnings that were written since the last look, the oldest first.
 * @param after the number of the last one that is known; null at the first look
 */
export async function readWarnings(destination: Session, run: string, after: number | null): Promise<Warning[]> {
  const warnings = await destination.rows<Warning>(
    `SELECT number::float8 AS number, code, message FROM sampan.event
      WHERE run = $1 AND level = 'warning'
        AND CASE WHEN $2::bigint IS NULL THEN at > pg_catalog.clock_timestamp() - interval '${JUST_NOW}' ELSE number > $2::bigint END
      ORDER BY number DESC LIMIT ${MOST_WARNINGS}`,
    [run, after],
  )
  return warnings.reverse()
}
