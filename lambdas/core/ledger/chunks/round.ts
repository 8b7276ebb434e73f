import type { Session } from '../../postgres/connect.ts'
import type { RunIdentity } from '../../runtime/event.ts'

/** Opens a round of the copy: lanes copy and keepers hold the snapshot until it is over. */
export async function openRound(destination: Session, run: string): Promise<void> {
  await destination.rows(`UPDATE sampan.run SET copy_ended_at = NULL WHERE id = $1 AND copied_at IS NULL`, [run])
}

/**
 * No lane begins by this generation of the view any more, and its keepers leave it for a newer one: a table was rewritten under
 * it. Call it inside a transaction. A keeper that is about to publish it waits, and is refused.
 */
export async function giveUpView(destination: Session, run: string, generation: number): Promise<void> {
  await destination.rows(
    `UPDATE sampan.run SET least_generation = $2 WHERE id = $1 AND least_generation < $2 AND copied_at IS NULL`,
    [run, generation + 1],
  )
  await destination.execute(`NOTIFY ${CHANNEL}`)
}

/**
 * Takes the run from an execution that was stopped, as another start of it would. It stays the run's latest: the execution may go on by a redrive.
 * @returns false where the run is not this execution's any more, or is complete
 */
export async function leaveRun(destination: Session, { id: run, execution }: RunIdentity): Promise<boolean> {
  const rows = await destination.rows(
    `UPDATE sampan.run SET execution = $3 WHERE id = $1 AND execution = $2 AND state = 'open' RETURNING id`,
    [run, execution, `${execution} (stopped)`],
  )
  await destination.execute(`NOTIFY ${CHANNEL}`)
  return rows.length > 0
}

/** What the end of a round found. */
export interface EndedRound {
  /** Chunks without a receipt in the newest view; 0: the copy is complete, and nothing is ever copied again. */
  readonly open: number
  readonly generation: number
}

/**
 * Ends the round, whatever came of it. No keeper takes a new view between the look at the chunks and the end: it would make
 * chunks of an older one of all that are done, when nobody is there any more to prove them (`publishSnapshot`).
 * @param tell writes what is to be told of it, in the same transaction
 * @returns null where there is no round of this execution to end: the copy is complete, or another execution has taken over
 */
export async function endRound(
  destination: Session,
  { id: run, execution }: RunIdentity,
  tell: (ended: EndedRound) => Promise<void> = async () => {},
): Promise<EndedRound | null> {
  try {
    const [, , found] = await Promise.all([
      destination.execute('BEGIN'),
      // A statement of its own: the next one sees what a keeper had not committed when this one began to wait for it.
      destination.rows(`SELECT 1 FROM sampan.run WHERE id = $1 FOR NO KEY UPDATE`, [run]),
      destination.rows<EndedRound>(END_ROUND, [run, execution]),
      destination.execute(`NOTIFY ${CHANNEL}`),
    ])
    const ended = found[0] ?? null
    if (ended !== null) await tell(ended)
    await destination.execute('COMMIT')
    return ended
  } catch (thrown) {
    await destination.execute('ROLLBACK').catch(() => {})
    throw thrown
  }
}

const END_ROUND = `
  WITH view AS (
    SELECT COALESCE(max(generation), 0) AS generation FROM sampan.snapshot WHERE run = $1
  ), unfinished AS (
    SELECT sampan.count_open_chunks($1)::integer AS chunks
  )
  UPDATE sampan.run r
     SET copy_ended_at = pg_catalog.clock_timestamp(),
         copied_at = CASE WHEN unfinished.chunks = 0 THEN pg_catalog.clock_timestamp() END
    FROM view, unfinished WHERE r.id = $1 AND r.copied_at IS NULL AND r.execution = $2
  RETURNING unfinished.chunks AS open, view.generation`

const CHANNEL = 'sampan_round'

/** Rings when a round of the copy has ended in this database, or its view is given up. It may fail to (a proxy between): look from time to time. */
export interface RoundBell {
  /** Fires with the next ring. */
  signal(): AbortSignal
  silence(): void
}

export async function roundBell(destination: Session): Promise<RoundBell> {
  let ring = new AbortController()
  const listener = () => {
    const rung = ring
    ring = new AbortController()
    rung.abort()
  }
  destination.client.on('notification', listener)
  await destination.execute(`LISTEN ${CHANNEL}`)
  return {
    signal: () => ring.signal,
    silence: () => void destination.client.off('notification', listener),
  }
}

export interface Round {
  /** Every chunk has its receipt. */
  readonly copied: boolean
  /** Nobody needs the snapshot any more, or another execution has taken over the run. */
  readonly ended: boolean
  /** Views of older generations have been given up. */
  readonly leastGeneration: number
  /** How long ago the run began. */
  readonly seconds: number
}

export async function readRound(destination: Session, run: string, execution: string): Promise<Round> {
  const [row] = await destination.rows<Round>(
    `SELECT copied_at IS NOT NULL AS copied, copy_ended_at IS NOT NULL OR execution <> $2 AS ended,
            least_generation AS "leastGeneration",
            EXTRACT(epoch FROM pg_catalog.clock_timestamp() - started_at)::float8 AS seconds
       FROM sampan.run WHERE id = $1`,
    [run, execution],
  )
  return row ?? { copied: false, ended: true, leastGeneration: 1, seconds: 0 }
}
