import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '../../postgres/connect.ts'
import { countPending, readFree } from '../ledger-objects.ts'
import { type DueObject, sendFlight } from './flight.ts'
import { recordOutcomes } from './record.ts'

/** A relation up to this size is small: its index costs milliseconds, so many travel together. */
const SMALL_BYTES = 8 * 1024 * 1024
/** And so much of them in one flight. */
const FLIGHT_BYTES = 64 * 1024 * 1024
const FLIGHT = 100
/** How often a lane without work looks whether another lane's work has freed some. */
const LOOK_MILLISECONDS = 250

export interface LaneOptions {
  readonly run: string
  readonly lane: number
  /** How many lanes there are. */
  readonly lanes: number
  readonly signal: AbortSignal
  hasTime(): boolean
  progressed?(): void
  /** Tells the server what the session is about to build, so that it can be found in pg_stat_activity. */
  announce(object: DueObject): Promise<void>
}

/**
 * Makes index-stage objects side by side with other lanes: a large one alone, small ones in flights. Lanes keep apart by the
 * row locks of their claims; one that comes second is told so and goes on.
 * @returns false where the time was used up before the end
 */
export async function applyLane(session: Session, options: LaneOptions): Promise<boolean> {
  const { run } = options
  for (;;) {
    if (!options.hasTime()) return false
    const free = await readFree(session, run, 'index', FLIGHT * 2)
    const flight = chooseFlight(free, options.lane, options.lanes)
    const [first] = flight
    if (first === undefined) {
      if ((await countPending(session, run, 'index')) === 0) return true
      await sleep(LOOK_MILLISECONDS, undefined, { signal: options.signal }).catch(() => {})
      continue
    }
    // Sent ahead in the same pipeline: nobody waits for it.
    const announced = options.announce(first)
    const outcomes = await sendFlight(session, run, flight, 'try_claim_object')
    await announced
    const passing = await recordOutcomes(session, run, outcomes)
    if ([...outcomes.values()].some(({ kind }) => kind === 'made')) options.progressed?.()
    if (passing) throw passing
  }
}

/** One large object, another one for each lane; where none is large, this lane's share of the small ones. */
export function chooseFlight(free: readonly DueObject[], lane: number, lanes: number): readonly DueObject[] {
  const large = free.filter(({ bytes }) => bytes > SMALL_BYTES)
  const picked = large[lane % Math.max(1, large.length)]
  if (picked) return [picked]
  const share = Math.min(FLIGHT, Math.ceil(free.length / lanes))
  const start = Math.floor((lane * free.length) / lanes) % Math.max(1, free.length)
  const flight: DueObject[] = []
  let bytes = 0
  for (const object of [...free.slice(start), ...free.slice(0, start)]) {
    if (flight.length === share || bytes > FLIGHT_BYTES) break
    flight.push(object)
    bytes += object.bytes
  }
  return flight
}
