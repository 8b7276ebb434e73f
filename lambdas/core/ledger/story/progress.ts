import type { Session } from '../../postgres/connect.ts'
import { type RunningStatement, readStatements } from './statements.ts'

/** How far a run is in one database. Bytes are estimates of the source's table sizes. */
export interface Progress {
  readonly objects: number
  readonly objectsDone: number
  readonly chunks: number
  readonly chunksDone: number
  readonly rows: number
  readonly bytes: number
  readonly bytesDone: number
  readonly parts: number
  readonly partsDone: number
  readonly indexes: number
  readonly indexesDone: number
  /** The part of their speed at which the lanes copy, and why; 1 where nothing holds them back but fixed limits. */
  readonly pace: number
  readonly paceReason: string | null
  /** What the destination builds, validates or fills at the moment. */
  readonly statements: readonly RunningStatement[]
}

/** One round trip; `null` before the ledger exists. */
export async function readProgress(destination: Session, run: string): Promise<Progress | null> {
  const [found] = await destination.rows<{ present: boolean }>(
    `SELECT pg_catalog.to_regclass('sampan.digest_part') IS NOT NULL AS present`,
  )
  if (!found?.present) return null
  const [row] = await destination.rows<Omit<Progress, 'statements'>>(
    `SELECT o.*, c.*, p.*, COALESCE(l.pace, 1) AS pace, l.pace_reason AS "paceReason" FROM
      (SELECT count(*)::float8 AS objects,
              count(*) FILTER (WHERE status <> 'pending')::float8 AS "objectsDone",
              count(*) FILTER (WHERE stage = 'index' AND verdict <> 'skip')::float8 AS indexes,
              count(*) FILTER (WHERE stage = 'index' AND verdict <> 'skip' AND status <> 'pending')::float8 AS "indexesDone"
         FROM sampan.object WHERE run = $1) o,
      (SELECT count(*)::float8 AS chunks, count(*) FILTER (WHERE state = 'done')::float8 AS "chunksDone",
              COALESCE(sum(rows), 0)::float8 AS rows, COALESCE(sum(bytes), 0)::float8 AS bytes,
              COALESCE(sum(bytes) FILTER (WHERE state = 'done'), 0)::float8 AS "bytesDone"
         FROM sampan.chunk WHERE run = $1) c,
      (SELECT count(*)::float8 AS parts, count(*) FILTER (WHERE state = 'done')::float8 AS "partsDone"
         FROM sampan.digest_part WHERE run = $1) p
      LEFT JOIN sampan.limits l ON l.run = $1`,
    [run],
  )
  return row === undefined ? null : { ...row, statements: await readStatements(destination, run) }
}
