import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '../postgres/connect.ts'
import { beginInView } from '../postgres/snapshot.ts'
import { SampanError } from '../runtime/errors.ts'
import { liveSnapshots } from './snapshots.ts'

/** How long a lane looks for a keeper before it leaves the waiting to the state machine, milliseconds. Tests shorten it. */
export const viewTimes = { patience: 15_000 }
/** The first look comes too early as a rule, by milliseconds; a keeper that has to come back takes seconds. */
const PAUSE = { first: 10, longest: 200 }

/**
 * Opens the source session's transaction in the consistent view of the run.
 * @returns the generation of the view
 * @throws SampanError SNAPSHOT_NOT_KEPT where no keeper holds one at the moment
 */
export async function importView(
  source: Session,
  destination: Session,
  run: string,
  signal: AbortSignal,
): Promise<number> {
  const until = performance.now() + viewTimes.patience
  for (let pause = PAUSE.first; performance.now() < until && !signal.aborted; pause *= 2) {
    for (const snapshot of await liveSnapshots(destination, run)) {
      if (!snapshot.givenUp && (await beginInView(source, snapshot))) return snapshot.generation
    }
    await sleep(Math.min(pause, PAUSE.longest), undefined, { signal }).catch(() => {})
  }
  throw new SampanError({
    code: 'SNAPSHOT_NOT_KEPT',
    message: 'no keeper holds the consistent view of the source at the moment',
    remedy:
      'nothing to do while the retry window is open: the keeper takes a new view as soon as it reaches the source; behind it mend the way there, and start the task again',
    retryable: true,
    kind: 'connection',
  })
}
