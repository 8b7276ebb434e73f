import type { Session } from '../postgres/connect.ts'
import type { RunIdentity } from '../runtime/event.ts'

/** What lanes must keep to, all together. `null`: no limit. */
export interface Limits {
  readonly lanes: number
  readonly queriesPerSecond: number | null
  readonly rowsPerSecond: number | null
  readonly bytesPerSecond: number | null
}

export async function readLimits(destination: Session, run: string): Promise<Limits> {
  const [row] = await destination.rows<Limits>(
    `SELECT lanes, queries_per_second AS "queriesPerSecond", rows_per_second AS "rowsPerSecond",
            bytes_per_second AS "bytesPerSecond" FROM sampan.limits WHERE run = $1`,
    [run],
  )
  return row ?? { lanes: 64, queriesPerSecond: null, rowsPerSecond: null, bytesPerSecond: null }
}

/**
 * The task's limits, once per start of the run: what somebody has changed since then, while it runs, holds through another
 * round of the copy.
 */
export async function storeLimits(destination: Session, run: RunIdentity, limits: Limits): Promise<void> {
  await destination.rows(
    `INSERT INTO sampan.limits (run, execution, lanes, queries_per_second, rows_per_second, bytes_per_second)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (run) DO UPDATE SET execution = EXCLUDED.execution, lanes = EXCLUDED.lanes,
       queries_per_second = EXCLUDED.queries_per_second, rows_per_second = EXCLUDED.rows_per_second,
       bytes_per_second = EXCLUDED.bytes_per_second
     WHERE limits.execution <> EXCLUDED.execution`,
    [run.id, run.execution, limits.lanes, limits.queriesPerSecond, limits.rowsPerSecond, limits.bytesPerSecond],
  )
}

/** Changes some limits of a running migration; a field left out stays as it is, `null` lifts it. */
export async function changeLimits(destination: Session, run: string, change: Partial<Limits>): Promise<Limits> {
  const limits = { ...(await readLimits(destination, run)), ...change }
  await destination.rows(
    `UPDATE sampan.limits SET lanes = $2, queries_per_second = $3, rows_per_second = $4, bytes_per_second = $5 WHERE run = $1`,
    [run, limits.lanes, limits.queriesPerSecond, limits.rowsPerSecond, limits.bytesPerSecond],
  )
  return limits
}
