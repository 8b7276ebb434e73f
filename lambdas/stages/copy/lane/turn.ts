import { setTimeout as sleep } from 'node:timers/promises'
import { hasOpenChunks } from '../../../core/ledger/chunks/open.ts'
import { readRound } from '../../../core/ledger/chunks/round.ts'
import { readLaneControl } from '../../../core/ledger/lane-control.ts'
import { quoteLiteral } from '../../../core/postgres/identifiers.ts'
import { applicationName } from '../../../core/postgres/sessions.ts'
import { idlePause } from '../../../core/runtime/idle.ts'
import { type LaneCall, TURN_SECONDS } from './lane-call.ts'

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
 * @returns `now` when it is wanted, `never` when there is nothing left to copy, else for how long the state machine should wait
 */
export async function untilTurn({
  destination,
  event,
  number,
  pace,
  signal,
  hasTime,
}: LaneCall): Promise<'now' | 'never' | Later> {
  const { id, execution } = event.run
  const until = performance.now() + PATIENCE_MILLISECONDS
  let seconds = TURN_SECONDS
  while (hasTime() && performance.now() < until) {
    const [round, open, control] = await Promise.all([
      readRound(destination, id, execution),
      hasOpenChunks(destination, id),
      readLaneControl(destination, id),
    ])
    if (round.ended || round.copied || !open) return 'never'
    pace.apply(control)
    seconds = awayFor(number, control.lanes, round.seconds)
    // One with a higher number may be at work instead: there was no connection for more.
    if (pace.mayWork && control.active.length < control.lanes) {
      // From now on it counts as a lane at work. Nobody waits for the answer: it comes before the next one.
      const name = quoteLiteral(applicationName(id, `lane:${number}`))
      destination.execute(`SET application_name = ${name}`).catch(() => {})
      return 'now'
    }
    await sleep(TURN_MILLISECONDS, undefined, { signal }).catch(() => {})
  }
  return { seconds }
}

interface Later {
  readonly seconds: number
}

/** Lanes that are tried next are waited for 60 seconds (lane-counter.ts). */
const NEAR_SECONDS = 45

/**
 * How long a lane that is not wanted stays away: it is late by a sixtieth of the time that the run has taken, five minutes at most.
 * Twice as many lanes as there are may be tried next: they stay near.
 */
export function awayFor(lane: number, lanes: number, runSeconds: number): number {
  const pause = idlePause(runSeconds, TURN_SECONDS)
  return lane < 2 * lanes ? Math.min(pause, NEAR_SECONDS) : pause
}
