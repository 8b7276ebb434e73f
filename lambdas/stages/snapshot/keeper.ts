import { liveSnapshots, publishSnapshot, type SnapshotRow } from '../../core/ledger/snapshots.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { walPosition } from '../../core/postgres/server-identity.ts'
import { BEGIN_VIEW, beginInView, exportView } from '../../core/postgres/snapshot.ts'

/** How this keeper came to its view. */
export interface Held {
  /** Seconds that this keeper stays. */
  readonly lifeSeconds: number
  readonly generation: number
  readonly hop: number
  /** The chain was broken: this is a new view, and what was copied before has to be proved. */
  readonly renewed: boolean
}

/**
 * Opens a transaction that reads a new view, of the next generation.
 * @returns what is to be done when the view is published, or is not to be; null where it is not this keeper's to open
 */
export type BeginView = (source: Session, generation: number) => Promise<(() => Promise<void>) | null>

const beginPlain: BeginView = async (source) => {
  await source.execute(BEGIN_VIEW)
  return async () => {}
}

/**
 * Takes over the view that the other keeper holds, or takes a new one where nobody holds any: a session that imported a
 * snapshot can export it again (PostgreSQL 9.4 to 18), so the view outlives every single keeper.
 * @param begin opens the transaction of a new view
 * @returns null where the other keeper was faster (try again), is to be, or the round of the copy is over
 */
export async function takeView(
  source: Session,
  destination: Session,
  run: string,
  holder: string,
  longestSeconds: number,
  begin: BeginView = beginPlain,
): Promise<Held | null> {
  const live = await liveSnapshots(destination, run)
  const newest = live[0]?.generation ?? 0
  const taken = await importOne(source, live)
  const settle = taken === null ? await begin(source, newest + 1) : async () => {}
  if (settle === null) return null
  const generation = taken?.generation ?? newest + 1
  const hop = taken === null ? 0 : taken.newestHop + 1
  const lifeSeconds = taken === null ? longestSeconds : staggered(longestSeconds, taken.secondsLeft)
  const exported = await exportView(source)
  const published = await publishSnapshot(destination, run, {
    generation,
    hop,
    id: exported.id,
    view: exported.view,
    holder,
    position: taken === null ? await walPosition(source) : null,
    lifeSeconds,
  })
  if (!published) await source.execute('ROLLBACK')
  await settle()
  if (!published) return null
  return { lifeSeconds, generation, hop, renewed: taken === null && newest > 0 }
}

/**
 * Two keepers whose calls would end together are no overlap: the one that takes over stays half its time then, and from
 * there on they take turns.
 */
function staggered(longestSeconds: number, otherSeconds: number): number {
  return Math.abs(otherSeconds - longestSeconds) < longestSeconds / 4 ? longestSeconds / 2 : longestSeconds
}

async function importOne(source: Session, candidates: readonly SnapshotRow[]): Promise<SnapshotRow | null> {
  for (const candidate of candidates) {
    if (!candidate.givenUp && (await beginInView(source, candidate))) return candidate
  }
  return null
}
