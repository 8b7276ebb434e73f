import type { Session } from '../postgres/connect.ts'

/** What has passed through a lane's stream, by its own last word. */
export interface LaneBytes {
  readonly lane: number
  /** Since the run began, whatever calls of the lane there were. */
  readonly bytes: number
  /** When the lane said so, milliseconds since 1970 by the destination's clock. */
  readonly at: number
}

/** A lane's word: so much has passed since its last one. */
export async function addLaneBytes(destination: Session, run: string, lane: number, bytes: number): Promise<void> {
  await destination.rows(
    `INSERT INTO sampan.lane_bytes AS b (run, lane, bytes, at) VALUES ($1, $2, $3, pg_catalog.clock_timestamp())
     ON CONFLICT (run, lane) DO UPDATE SET bytes = b.bytes + EXCLUDED.bytes, at = EXCLUDED.at`,
    [run, lane, bytes],
  )
}

export async function readLaneBytes(destination: Session, run: string): Promise<LaneBytes[]> {
  return destination.rows<LaneBytes>(
    `SELECT lane, bytes, EXTRACT(epoch FROM at)::float8 * 1000 AS at FROM sampan.lane_bytes WHERE run = $1`,
    [run],
  )
}

/** How far the counting was when it was written last; `null` where it has not begun. */
export async function readLaneCount(destination: Session, run: string): Promise<unknown> {
  const [row] = await destination.rows<{ count: unknown }>(
    'SELECT lane_count::text AS count FROM sampan.limits WHERE run = $1',
    [run],
  )
  return typeof row?.count === 'string' ? JSON.parse(row.count) : null
}

/** Lanes and count, unless somebody has given the number meanwhile. */
export async function writeLaneCount(destination: Session, run: string, lanes: number, count: unknown): Promise<void> {
  await destination.rows(
    'UPDATE sampan.limits SET lanes = $2, lane_count = $3::jsonb WHERE run = $1 AND most_lanes IS NOT NULL',
    [run, lanes, JSON.stringify(count)],
  )
}

/**
 * A server had no connection left for a lane: of counted lanes there are no more than are wanted now, without this one.
 * @returns false where lanes are not counted
 */
export async function leaveOut(destination: Session, run: string): Promise<boolean> {
  const rows = await destination.rows(
    `UPDATE sampan.limits SET lanes = GREATEST(lanes - 1, 1), most_lanes = GREATEST(LEAST(lanes, most_lanes) - 1, 1)
      WHERE run = $1 AND most_lanes IS NOT NULL RETURNING lanes`,
    [run],
  )
  return rows.length > 0
}
