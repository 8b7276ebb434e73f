import { setTimeout as sleep } from 'node:timers/promises'
import { BuildSlots } from '../../../core/ledger/objects/build-slots.ts'
import { reopenFills } from '../../../core/ledger/objects/fills.ts'
import { type DueStep, readFreeSteps, readStanding } from '../../../core/ledger/objects/steps.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { idlePause } from '../../../core/runtime/idle.ts'
import { SMALL_BYTES } from '../plan/keys/key-steps.ts'
import { BATCH, stepBatches } from './batches.ts'
import { sendFlight, stepQuery } from './flight.ts'
import { recordOutcomes } from './record.ts'
import { isLong, readServerSize, tune, tuningQuery } from './tuning.ts'

/** Of small objects so many bytes of relations in one flight. */
const FLIGHT_BYTES = 64 * 1024 * 1024
const FLIGHT = 400
/**
 * How often a lane without work looks whether there is some: late by a fifth of what it has waited already. Among many thousand tables a look
 * is work of its own for the destination (0.6 s at 20,000): a lane waits four times as long as it took, up to ten seconds.
 */
const LOOK = { firstMilliseconds: 100, mostMilliseconds: 1_000, part: 1 / 5, ofItself: 4, longestMilliseconds: 10_000 }
/** How long a lane looks before it leaves the waiting to the state machine, which costs nothing. */
const PATIENCE_MILLISECONDS = 10_000

export interface LaneOptions {
  readonly run: string
  readonly execution: string
  readonly lane: number
  /** How many lanes there are. */
  readonly lanes: number
  readonly signal: AbortSignal
  hasTime(): boolean
  progressed?(): void
  /** Tells the server what the session is about to build, so that it can be found in pg_stat_activity. */
  announce(object: DueStep): Promise<void>
}

/** How a lane's call ended: nothing is left for it, its time is used up, or there is nothing to do yet. */
export type LaneEnd = { readonly kind: 'complete' } | { readonly kind: 'time' } | Waiting

interface Waiting {
  readonly kind: 'waiting'
  readonly seconds: number
}

/**
 * Makes index-stage objects side by side with other lanes, as soon as their rows are there: a large one alone, small ones in
 * flights. Lanes keep apart by the row locks of their claims; one that comes second is told so and goes on. A statement
 * whose lane is gone is at work on the server and holds its claim: the others see it as another lane's.
 *
 * Of more lanes than somebody allows (sampan.limits) those without a slot start nothing new.
 */
export async function applyLane(session: Session, options: LaneOptions): Promise<LaneEnd> {
  const { run, execution } = options
  const size = readServerSize(session)
  // Sent ahead; where it fails the first question fails too.
  size.catch(() => {})
  const slots = new BuildSlots(session, run)
  let idleSince: number | null = null
  for (;;) {
    if (!options.hasTime()) return { kind: 'time' }
    const begun = performance.now()
    const [free, standing, limit] = await Promise.all([
      readFreeSteps(session, run, FLIGHT * 2, SMALL_BYTES),
      readStanding(session, run, execution),
      slots.limit(),
    ])
    const taken = performance.now() - begun
    // Until all rows are there objects may be added, by a plan made anew in a newer view: one lane waits for that.
    const nothingComes = !standing.pending && (options.lane > 0 || standing.copied)
    const lastIsDone = nothingComes && options.lane === 0 && !standing.ended
    if (lastIsDone && (await reopenFills(session, run, 'index'))) continue
    if (nothingComes || standing.ended) return { kind: 'complete' }
    const lanes = Math.min(options.lanes, limit)
    const place = limit >= options.lanes ? options.lane : free.length === 0 ? null : await slots.take(limit)
    const flight = place === null ? [] : chooseFlight(free, place, lanes)
    const made = flight.length > 0 && (await take(session, { ...options, lanes }, flight, free, await size))
    if (made) {
      idleSince = null
      options.progressed?.()
      continue
    }
    // Whoever has nothing to build holds nobody up.
    await slots.release()
    idleSince ??= performance.now()
    const idle = performance.now() - idleSince
    // One lane stays awake: it takes up work at once, and the others follow soon.
    if (idle > PATIENCE_MILLISECONDS && options.lane > 0)
      return { kind: 'waiting', seconds: idlePause(standing.seconds) }
    await sleep(untilNextLook(idle, taken), undefined, { signal: options.signal }).catch(() => {})
  }
}

/**
 * Milliseconds until a lane without work looks again.
 * @param idle for so long it has had none
 * @param taken by the look it has had
 */
export function untilNextLook(idle: number, taken: number): number {
  const look = Math.min(Math.max(LOOK.firstMilliseconds, idle * LOOK.part), LOOK.mostMilliseconds)
  return Math.max(look, Math.min(taken * LOOK.ofItself, LOOK.longestMilliseconds))
}

/** True where something was made. */
async function take(
  session: Session,
  options: LaneOptions,
  flight: readonly DueStep[],
  free: readonly DueStep[],
  size: Awaited<ReturnType<typeof readServerSize>>,
): Promise<boolean> {
  const [first] = flight
  if (first === undefined) return false
  // Sent ahead in the same pipeline: nobody waits for it.
  const ahead = [options.announce(first)]
  if (isLong(first, SMALL_BYTES)) {
    const long = free.filter((step) => isLong(step, SMALL_BYTES)).length
    const together = Math.min(options.lanes, Math.max(1, long))
    ahead.push(session.execute(tuningQuery(tune(size, first.bytes, together))))
  }
  const batches = isLong(first, SMALL_BYTES) ? [{ objects: flight, together: null }] : stepBatches(options.run, flight)
  const [{ outcomes }] = await Promise.all([
    sendFlight(session, options.run, batches, (step) => stepQuery(options.run, step)),
    ...ahead,
  ])
  const passing = await recordOutcomes(session, options.run, outcomes)
  if (passing) throw passing
  return [...outcomes.values()].some(({ kind }) => kind === 'made' || kind === 'failed')
}

/** One long step, another one for each lane; where none is long, this lane's share of the short ones. */
export function chooseFlight(free: readonly DueStep[], lane: number, lanes: number): readonly DueStep[] {
  const long = free.filter((step) => isLong(step, SMALL_BYTES))
  const picked = long[lane % Math.max(1, long.length)]
  // What is short goes first where it can free more work: a table's ALTERs, foreign keys that are only promised.
  const short = free.filter((step) => !isLong(step, SMALL_BYTES))
  if (picked && (short.length === 0 || lane > 0)) return [picked]
  const sharing = picked ? 1 : lanes
  // What belongs to one table is one lane's. A lane that has nothing left helps from the other end, with little at a time.
  const own = short.filter((step) => laneOf(step, sharing) === lane % sharing)
  const help = Math.min(BATCH, Math.ceil(short.length / sharing))
  const [offered, most] = own.length > 0 ? [own, FLIGHT] : [short.toReversed(), help]
  const flight: DueStep[] = []
  let bytes = 0
  for (const step of offered) {
    if (flight.length === most || bytes > FLIGHT_BYTES) break
    flight.push(step)
    bytes += step.bytes
  }
  return flight
}

/** Oids of tables are often all even: they are mixed first (Knuth's multiplicative hash). */
function laneOf({ table, id }: DueStep, lanes: number): number {
  return (Math.imul(table ?? id, 2_654_435_761) >>> 16) % lanes
}
