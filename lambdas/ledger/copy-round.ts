import type { Session } from '../postgres/connect.ts'

/** Opens a round of the copy: lanes copy and keepers hold the snapshot until it is over. */
export async function openRound(destination: Session, run: string): Promise<void> {
  await destination.rows(`UPDATE sampan.run SET copy_ended_at = NULL WHERE id = $1 AND copied_at IS NULL`, [run])
}

/** Ends the round, whatever came of it. `complete`: every chunk has its receipt, and nothing is ever copied again. */
export async function endRound(destination: Session, run: string, complete: boolean): Promise<void> {
  await Promise.all([
    destination.rows(
      `UPDATE sampan.run SET copy_ended_at = pg_catalog.clock_timestamp(),
              copied_at = CASE WHEN $2 THEN pg_catalog.clock_timestamp() ELSE copied_at END
        WHERE id = $1 AND copied_at IS NULL`,
      [run, complete],
    ),
    destination.execute(`NOTIFY ${CHANNEL}`),
  ])
}

const CHANNEL = 'sampan_round'

/** Rings when a round of the copy has ended in this database. It may fail to (a proxy between): look from time to time. */
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
}

export async function readRound(destination: Session, run: string, execution: string): Promise<Round> {
  const [row] = await destination.rows<Round>(
    `SELECT copied_at IS NOT NULL AS copied, copy_ended_at IS NOT NULL OR execution <> $2 AS ended
       FROM sampan.run WHERE id = $1`,
    [run, execution],
  )
  return row ?? { copied: false, ended: true }
}
