import type { Session } from '../postgres/connect.ts'

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

/** The task's limits, written once: a later start of the same run sets them anew from its own task. */
export async function storeLimits(destination: Session, run: string, limits: Limits): Promise<void> {
  await destination.rows(
    `INSERT INTO sampan.limits (run, lanes, queries_per_second, rows_per_second, bytes_per_second)
     VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (run) DO UPDATE SET lanes = EXCLUDED.lanes, queries_per_second = EXCLUDED.queries_per_second,
       rows_per_second = EXCLUDED.rows_per_second, bytes_per_second = EXCLUDED.bytes_per_second`,
    [run, limits.lanes, limits.queriesPerSecond, limits.rowsPerSecond, limits.bytesPerSecond],
  )
}
