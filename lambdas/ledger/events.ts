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
