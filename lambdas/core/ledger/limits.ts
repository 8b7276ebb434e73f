import type { Session } from '../postgres/connect.ts'
import type { RunIdentity } from '../runtime/event.ts'

/** What lanes must keep to, all together. `null`: no limit. */
export interface Limits {
  readonly lanes: number
  /** Lanes are counted automatically, and are never more; `null`: their number was given. */
  readonly mostLanes: number | null
  readonly queriesPerSecond: number | null
  readonly rowsPerSecond: number | null
  readonly bytesPerSecond: number | null
  /** What the source's CPU is to be held below, percent. */
  readonly sourceCpuPercent: number | null
  /** What an answer of the source is to be held below, milliseconds. */
  readonly sourceLatencyMilliseconds: number | null
}

/** The limits, and what the automatic throttle makes of them at the moment. */
export interface CurrentLimits extends Limits {
  /** The part of their speed at which the lanes copy, above 0; 1: they are not held back. */
  readonly pace: number
  /** Why the pace is what it is, one line; `null` as long as it was never changed. */
  readonly paceReason: string | null
  /** No lane copies until it is taken back. A new start of the run takes it back. */
  readonly paused: boolean
}

export const NO_LIMITS: CurrentLimits = {
  lanes: 64,
  mostLanes: null,
  queriesPerSecond: null,
  rowsPerSecond: null,
  bytesPerSecond: null,
  sourceCpuPercent: null,
  sourceLatencyMilliseconds: null,
  pace: 1,
  paceReason: null,
  paused: false,
}

/** The columns of `sampan.limits l` as CurrentLimits. */
export const LIMIT_COLUMNS = `l.lanes, l.most_lanes AS "mostLanes", l.queries_per_second AS "queriesPerSecond", l.rows_per_second AS "rowsPerSecond",
  l.bytes_per_second AS "bytesPerSecond", l.source_cpu_percent AS "sourceCpuPercent",
  l.source_latency_milliseconds AS "sourceLatencyMilliseconds", l.pace, l.pace_reason AS "paceReason", l.paused`

export async function readLimits(destination: Session, run: string): Promise<CurrentLimits> {
  const [row] = await destination.rows<CurrentLimits>(`SELECT ${LIMIT_COLUMNS} FROM sampan.limits l WHERE l.run = $1`, [
    run,
  ])
  return row ?? NO_LIMITS
}

/**
 * The task's limits, once per start of the run: what somebody has changed since then, while it runs, holds through another
 * round of the copy.
 * @returns false where this start has stored them before
 */
export async function storeLimits(
  destination: Session,
  run: RunIdentity,
  limits: Limits,
  paused = false,
): Promise<boolean> {
  const stored = await destination.rows(
    `INSERT INTO sampan.limits (run, execution, paused, ${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (run) DO UPDATE SET (execution, pace, pace_reason, lane_count, paused, ${COLUMNS}) =
       ROW (EXCLUDED.execution, 1, NULL, NULL, $3, $4, $5, $6, $7, $8, $9, $10)
     WHERE limits.execution <> EXCLUDED.execution RETURNING 1`,
    [run.id, run.execution, paused, ...FIELDS.map((field) => limits[field])],
  )
  return stored.length > 0
}

/** Changes some limits of a running migration; a field left out stays as it is, `null` lifts it. */
export async function changeLimits(destination: Session, run: string, change: Partial<Limits>): Promise<CurrentLimits> {
  const fields = FIELDS.filter((field) => change[field] !== undefined)
  if (fields.length > 0) {
    const given = fields.map((field, index) => `${COLUMN[field]} = $${index + 2}`)
    // Whoever counts begins anew, or does not count any more.
    const counted = change.mostLanes === undefined ? [] : ['lane_count = NULL']
    await destination.rows(`UPDATE sampan.limits SET ${[...given, ...counted].join(', ')} WHERE run = $1`, [
      run,
      ...fields.map((field) => change[field]),
    ])
    // Without a target nobody would take the pace back.
    await destination.rows(
      `UPDATE sampan.limits SET pace = 1, pace_reason = NULL
        WHERE run = $1 AND source_cpu_percent IS NULL AND source_latency_milliseconds IS NULL`,
      [run],
    )
  }
  return readLimits(destination, run)
}

const COLUMN: Readonly<Record<keyof Limits, string>> = {
  lanes: 'lanes',
  mostLanes: 'most_lanes',
  queriesPerSecond: 'queries_per_second',
  rowsPerSecond: 'rows_per_second',
  bytesPerSecond: 'bytes_per_second',
  sourceCpuPercent: 'source_cpu_percent',
  sourceLatencyMilliseconds: 'source_latency_milliseconds',
}
const FIELDS = Object.keys(COLUMN) as (keyof Limits)[]
const COLUMNS = FIELDS.map((field) => COLUMN[field]).join(', ')

/** The Limits of `sampan.limits l` as one value. */
export const LIMITS_DOCUMENT = `pg_catalog.jsonb_build_object(${FIELDS.map((field) => `'${field}', l.${COLUMN[field]}`).join(', ')})`

/** Class of the advisory lock of the lane that leads. */
const LEADER_CLASS = 1935764851

/**
 * Makes this session's lane the one that sets pace and lanes, where no other is. The lock goes with the session, so another lane
 * steps in as soon as this one is gone.
 */
export async function lead(destination: Session, run: string): Promise<boolean> {
  const [row] = await destination.rows<{ leads: boolean }>(
    'SELECT pg_catalog.pg_try_advisory_lock($2, pg_catalog.hashtext($1)) AS leads',
    [run, LEADER_CLASS],
  )
  return row?.leads ?? false
}

/** Has the lanes of the run stand still, or go on. @returns what holds then */
export async function pauseRun(destination: Session, run: string, paused: boolean): Promise<CurrentLimits> {
  await destination.rows(`UPDATE sampan.limits SET paused = $2 WHERE run = $1`, [run, paused])
  return readLimits(destination, run)
}

/** What all lanes of the run find at their next look. */
export async function writePace(destination: Session, run: string, pace: number, reason: string): Promise<void> {
  await destination.rows(
    `UPDATE sampan.limits SET pace = $2, pace_reason = $3
      WHERE run = $1 AND (source_cpu_percent IS NOT NULL OR source_latency_milliseconds IS NOT NULL)`,
    [run, pace, reason],
  )
}
