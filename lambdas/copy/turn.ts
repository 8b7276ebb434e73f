import { setTimeout as sleep } from 'node:timers/promises'
import { hasOpenChunks } from '../ledger/chunks.ts'
import { readRound } from '../ledger/copy-round.ts'
import { readLaneControl } from '../ledger/lane-control.ts'
import { quoteLiteral } from '../postgres/identifiers.ts'
import { applicationName } from '../postgres/sessions.ts'
import type { LaneCall } from './lane-call.ts'

/** How often a lane that is one too many looks whether it is wanted. */
const WAIT_MILLISECONDS = 2_000
/** The same for lanes that are counted: all of them have to end before the copy has. */
const TURN_MILLISECONDS = 1_000
/** How long such a lane looks before it leaves the waiting to the state machine, which costs nothing. */
const PATIENCE_MILLISECONDS = 60_000

/** A lane that is one too many waits here, so that raising the limit takes effect within seconds. False: its time is used. */
export async function untilWanted({ destination, event, pace, signal, hasTime }: LaneCall): Promise<boolean> {
  while (hasTime()) {
    if (pace.mayWork) return true
    await sleep(WAIT_MILLISECONDS, undefined, { signal }).catch(() => {})
    pace.apply(await readLaneControl(destination, event.run.id))
  }
  return false
}

/**
 * A lane that nobody has counted on yet waits here, with this one session and none to the source. Its session has another
 * name than that of a lane at work.
 * @returns `now` when it is wanted, `never` when there is nothing left to copy, `later` when somebody else should wait
 */
export async function untilTurn({
  destination,
  event,
  number,
  pace,
  signal,
  hasTime,
}: LaneCall): Promise<'now' | 'never' | 'later'> {
  const { id, execution } = event.run
  const until = performance.now() + PATIENCE_MILLISECONDS
  while (hasTime() && performance.now() < until) {
    const [round, open, control] = await Promise.all([
      readRound(destination, id, execution),
      hasOpenChunks(destination, id),
      readLaneControl(destination, id),
    ])
    if (round.ended || round.copied || !open) return 'never'
    pace.apply(control)
    // One with a higher number may be at work instead: there was no connection for more.
    if (pace.mayWork && control.active.length < control.lanes) {
      // From now on it counts as a lane at work. Nobody waits for the answer: it comes before the next one.
      const name = quoteLiteral(applicationName(id, `lane:${number}`))
      destination.execute(`SET application_name = ${name}`).catch(() => {})
      return 'now'
    }
    await sleep(TURN_MILLISECONDS, undefined, { signal }).catch(() => {})
  }
  return 'later'
}
