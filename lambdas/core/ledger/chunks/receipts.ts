import type { Session } from '../../postgres/connect.ts'
import type { SampanError } from '../../runtime/errors.ts'
import { byNumber } from '../by-number.ts'

/** What the transaction of a chunk leaves behind. `rows` and `digest` are the server's own text. */
export interface Receipt {
  readonly id: number
  readonly rows: string
  readonly bytes: number
  readonly digest: string | null
  readonly milliseconds: number
}

/** The receipts of one flight, inside the transaction that copied the rows. */
export async function writeReceipts(
  destination: Session,
  run: string,
  lane: number,
  receipts: readonly Receipt[],
): Promise<void> {
  await destination.rows(
    `UPDATE sampan.chunk c
        SET rows = r.rows, copied_bytes = r.bytes, digest = r.digest, milliseconds = r.milliseconds, lane = $2,
            last_error = NULL, too_slow = 0, finished_at = pg_catalog.clock_timestamp()
       FROM pg_catalog.jsonb_to_recordset($3::jsonb)
         AS r(id integer, rows bigint, bytes bigint, digest numeric, milliseconds float8)
      WHERE c.${byNumber('chunk', '$1', '$4::integer[]')} AND c.id = r.id`,
    [run, lane, JSON.stringify(receipts), receipts.map(({ id }) => id)],
  )
}

/** A flight that was rolled back. */
export interface FailedFlight {
  /** Numbers of its chunks. */
  readonly chunks: readonly number[]
  /** The one at which it broke, as far as is known. */
  readonly brokenAt: number | null
}

/**
 * Counts a failed attempt, in a transaction of its own: the flight's own one is gone. The chunk at which it broke travels alone from now
 * on, the others in flights of half as many: whichever it was is found in as many steps as the flight can be halved.
 * @returns true where one chunk alone has failed, and for the same reason as the time before
 */
export async function countFailure(
  destination: Session,
  run: string,
  { chunks, brokenAt }: FailedFlight,
  error: SampanError,
): Promise<boolean> {
  const culprit = chunks.length === 1 ? chunks[0] : brokenAt
  const failed = await destination.rows<{ again: boolean }>(
    `WITH before AS (
       SELECT run, id, last_error = $3 AS again FROM sampan.chunk WHERE run = $1 AND id = ANY ($2::integer[]) FOR UPDATE
     )
     UPDATE sampan.chunk c
        SET last_error = $3, attempts = c.attempts + CASE WHEN c.id = $4 THEN 1 ELSE 0 END, together = COALESCE($5, c.together)
       FROM before b WHERE c.run = b.run AND c.id = b.id RETURNING b.again`,
    [run, chunks, `${error.code}: ${error.message}`, culprit, chunks.length > 1 ? halfOf(chunks.length) : null],
  )
  return failed.length === 1 && failed[0]?.again === true
}

/** A power of two, so that what is left of several flights travels together. */
function halfOf(count: number): number {
  return 2 ** (Math.ceil(Math.log2(count)) - 1)
}
