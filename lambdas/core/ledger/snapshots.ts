import type { Session } from '../postgres/connect.ts'

/** A keeper's hold on the consistent view. */
export interface SnapshotRow {
  /** Rises when the chain broke and a new view had to be taken. */
  readonly generation: number
  /** The keeper's number within the generation. */
  readonly hop: number
  /** What `pg_export_snapshot()` answered. */
  readonly id: string
  /** What it sees, by which it is told from another one of the same id. */
  readonly view: string | null
  readonly holder: string
  /** Seconds until the holder has to leave; negative when it should be gone. */
  readonly secondsLeft: number
  /** The newest hop of its generation. */
  readonly newestHop: number
  /** Nobody begins by it any more. */
  readonly givenUp: boolean
}

/**
 * The hops of the newest generation whose holders may still be there, the one that stays longest first. More than one,
 * because a keeper's successor starts while the other keeper, of an older hop, is the one that lives. One statement tells
 * all there is to know: between two of them another keeper may publish.
 */
export async function liveSnapshots(destination: Session, run: string): Promise<SnapshotRow[]> {
  return destination.rows<SnapshotRow>(
    `SELECT generation, hop, id, view, holder,
            EXTRACT(epoch FROM expires_at - pg_catalog.clock_timestamp())::float8 AS "secondsLeft",
            max(hop) OVER () AS "newestHop",
            generation < (SELECT least_generation FROM sampan.run WHERE id = $1) AS "givenUp"
       FROM sampan.snapshot s
      WHERE run = $1 AND generation = (SELECT max(generation) FROM sampan.snapshot WHERE run = $1)
      ORDER BY expires_at DESC LIMIT 4`,
    [run],
  )
}

/** Whether the source's WAL stood further in the view before this generation's. */
export async function wentBack(destination: Session, run: string, generation: number): Promise<boolean> {
  const [row] = await destination.rows<{ back: boolean }>(
    `SELECT EXISTS (SELECT FROM sampan.snapshot n JOIN sampan.snapshot o ON o.run = n.run AND o.generation = n.generation - 1
                     WHERE n.run = $1 AND n.generation = $2
                       AND n.position::pg_catalog.pg_lsn < o.position::pg_catalog.pg_lsn) AS back`,
    [run, generation],
  )
  return row?.back === true
}

/** The keeper leaves: others look at its successor first. */
export async function leaveSnapshot(destination: Session, run: string, generation: number, hop: number): Promise<void> {
  await destination.rows(
    `UPDATE sampan.snapshot SET expires_at = pg_catalog.clock_timestamp() WHERE run = $1 AND generation = $2 AND hop = $3`,
    [run, generation, hop],
  )
}

export interface NewSnapshot {
  readonly generation: number
  readonly hop: number
  readonly id: string
  readonly view: string | null
  readonly holder: string
  readonly position: string | null
  readonly lifeSeconds: number
}

/**
 * Publishes a snapshot. Two keepers that try the same hop at once: one wins. Once a round of the copy has ended there is
 * nothing to keep, and a new view would belie its end (`endRound`): one of the two waits for the other.
 * @returns false where the other keeper was first, the round has ended, or the view has been given up (`giveUpView`)
 */
export async function publishSnapshot(destination: Session, run: string, snapshot: NewSnapshot): Promise<boolean> {
  const written = await destination.rows(
    `INSERT INTO sampan.snapshot (run, generation, hop, id, holder, position, expires_at, view)
     SELECT $1, $2, $3, $4, $5, $6, pg_catalog.clock_timestamp() + $7 * interval '1 second', $8
       FROM sampan.run WHERE id = $1 AND state = 'open' AND copy_ended_at IS NULL AND least_generation <= $2 FOR SHARE
     ON CONFLICT DO NOTHING RETURNING 1`,
    [
      run,
      snapshot.generation,
      snapshot.hop,
      snapshot.id,
      snapshot.holder,
      snapshot.position,
      snapshot.lifeSeconds,
      snapshot.view,
    ],
  )
  return written.length === 1
}
