import type { Session } from '../../postgres/connect.ts'
import { LIMITS_DOCUMENT, type Limits } from '../limits.ts'
import { MOVING } from '../under-way.ts'
import { type RunningStatement, readStatements } from './statements.ts'

/** How far a run that follows its source is behind it. */
export interface Followed {
  /** Changes that are applied. */
  readonly changes: number
  /** Bytes of WAL between the changes that are here and where the source stood at the last look; `null` before it. */
  readonly behind: number | null
  /** Bytes of WAL that the source keeps for the run; `null` before a look. */
  readonly retained: number | null
  /** The cutover has been asked for, and found all changes here. */
  readonly arrived: boolean
}

/** How far a run is in one database. Bytes are estimates of the source's table sizes. */
export interface Progress {
  readonly objects: number
  readonly objectsDone: number
  readonly chunks: number
  readonly chunksDone: number
  readonly rows: number
  readonly bytes: number
  readonly bytesDone: number
  /** Beside it: what lanes have under way. */
  readonly bytesMoving: number
  readonly rowsMoving: number
  readonly parts: number
  readonly partsDone: number
  readonly indexes: number
  readonly indexesDone: number
  /** The part of their speed at which the lanes copy, and why; 1 where nothing holds them back but fixed limits. */
  readonly pace: number
  readonly paceReason: string | null
  /** Somebody has paused the copy. */
  readonly paused: boolean
  /** What the lanes keep to; `null` before the copy is planned. */
  readonly limits: Limits | null
  /** What the destination builds, validates or fills at the moment. */
  readonly statements: readonly RunningStatement[]
  /** `null` where the source is not followed, or not yet. */
  readonly followed: Followed | null
}

const FOLLOWED = `CASE WHEN s.run IS NOT NULL THEN pg_catalog.jsonb_build_object('changes', s.changes, 'retained', s.retained,
  'behind', GREATEST(0, s.source_at OPERATOR(pg_catalog.-) s.receipt), 'arrived', s.state = 'arrived') END`

/**
 * Reads counters, a row for each lane: it may be asked every second.
 * @returns `null` before the ledger exists, or where a run of an older Sampan was not taken up again yet
 */
export async function readProgress(destination: Session, run: string): Promise<Progress | null> {
  const [found] = await destination.rows<{ present: boolean }>(
    `SELECT pg_catalog.to_regclass('sampan.stream') IS NOT NULL AS present`,
  )
  if (!found?.present) return null
  const [row] = await destination.rows<Omit<Progress, 'statements'>>(
    `SELECT c.*, m.*, COALESCE(l.pace, 1) AS pace, l.pace_reason AS "paceReason", COALESCE(l.paused, false) AS paused,
            CASE WHEN l.run IS NOT NULL THEN ${LIMITS_DOCUMENT} END AS limits, ${FOLLOWED} AS followed FROM
      (SELECT COALESCE(sum(objects), 0)::float8 AS objects, COALESCE(sum(objects_done), 0)::float8 AS "objectsDone",
              COALESCE(sum(indexes), 0)::float8 AS indexes, COALESCE(sum(indexes_done), 0)::float8 AS "indexesDone",
              COALESCE(sum(chunks), 0)::float8 AS chunks, COALESCE(sum(chunks_done), 0)::float8 AS "chunksDone",
              COALESCE(sum(rows), 0)::float8 AS rows, COALESCE(sum(bytes), 0)::float8 AS bytes,
              COALESCE(sum(bytes_done), 0)::float8 AS "bytesDone",
              COALESCE(sum(parts), 0)::float8 AS parts, COALESCE(sum(parts_done), 0)::float8 AS "partsDone"
         FROM sampan.counter WHERE run = $1) c
      CROSS JOIN (${MOVING}) m
      LEFT JOIN sampan.limits l ON l.run = $1 LEFT JOIN sampan.stream s ON s.run = $1 AND s.state IN ('open', 'arrived')`,
    [run],
  )
  return row === undefined ? null : { ...row, statements: await readStatements(destination, run) }
}
