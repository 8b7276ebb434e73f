import { writeEvents } from '../../../core/ledger/events.ts'
import type { LaneControl } from '../../../core/ledger/lane-control.ts'
import { type LaneBytes, readLaneBytes, readLaneCount, writeLaneCount } from '../../../core/ledger/lane-count.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import type { StepLogger } from '../../../core/runtime/logging.ts'
import { beginCount, countOn, type LaneCount, laneCountSchema } from './count-lanes.ts'

/** How long lanes that are wanted may take to begin, and lanes too many to end their flight. */
const LONGEST_LOOKS = 30
/** Looks that a measurement takes. */
const MEASURE_LOOKS = 3
/** A lane that has said nothing for so long does not belong to the stretch. */
const SILENT_MILLISECONDS = 5_000

/** Counts the lanes of a run in one database: measures a number of them stretch by stretch, and goes on to the next. */
export class LaneCounter {
  readonly #run: string
  readonly #lane: number
  readonly #logger: StepLogger
  #count: LaneCount | null = null
  /** Looks in this stretch, and those since the measurement began. */
  #looks = 0
  #measured = 0
  #before: readonly LaneBytes[] | null = null

  constructor(run: string, lane: number, logger: StepLogger) {
    this.#run = run
    this.#lane = lane
    this.#logger = logger
  }

  /** This lane leads from now on: how far the counting is stands in the ledger. */
  takeOver(): void {
    this.#count = null
  }

  async look(session: Session, control: LaneControl): Promise<void> {
    const { mostLanes, lanes, active } = control
    if (mostLanes === null) {
      this.#count = null
      return
    }
    this.#count ??= await this.#begin(session, lanes)
    const count = this.#count
    // Held back by the automatic throttle, streams say nothing about the way.
    if (control.pace < 1) {
      this.#restart()
      return
    }
    this.#looks += 1
    const now = await readLaneBytes(session, this.#run)
    if (this.#before === null) {
      // As many lanes at work as are to be measured, each with a word about its stream: it has begun.
      if (lanes === count.lanes && active.length === lanes && speaking(now) >= lanes) this.#before = now
      else if (this.#looks >= LONGEST_LOOKS || lanes !== count.lanes) await this.#next(session, count, null, mostLanes)
      return
    }
    this.#measured += 1
    if (this.#measured >= MEASURE_LOOKS) await this.#next(session, count, rateOf(this.#before, now), mostLanes)
  }

  async #begin(session: Session, lanes: number): Promise<LaneCount> {
    const known = laneCountSchema.safeParse(await readLaneCount(session, this.#run))
    this.#restart()
    return known.success ? known.data : beginCount(lanes)
  }

  async #next(session: Session, count: LaneCount, rate: number | null, most: number): Promise<void> {
    const next = countOn(count, rate, most)
    this.#restart()
    this.#count = next
    await writeLaneCount(session, this.#run, next.lanes, next)
    if (next.lanes !== count.lanes) this.#logger.info('LANES_CHANGED', { lanes: next.lanes, before: count.lanes, rate })
    if (next.phase !== 'hold' || count.phase === 'hold') return
    const megabytes = ((next.best?.rate ?? 0) / 1_000_000).toFixed(1)
    const message = `${next.lanes} lanes copy, ${megabytes} MB/s together: more would bring no more`
    await writeEvents(session, this.#run, [
      { level: 'info', step: 'CopyLane', lane: this.#lane, code: 'LANES_COUNTED', message },
    ])
  }

  #restart(): void {
    this.#looks = 0
    this.#measured = 0
    this.#before = null
  }
}

function speaking(lanes: readonly LaneBytes[]): number {
  const newest = Math.max(0, ...lanes.map(({ at }) => at))
  return lanes.filter(({ at }) => at > newest - SILENT_MILLISECONDS).length
}

/** What all lanes brought together, bytes per second; each by its own clock readings, since they report in turns. */
function rateOf(before: readonly LaneBytes[], now: readonly LaneBytes[]): number {
  const earlier = new Map(before.map((one) => [one.lane, one]))
  return now.reduce((sum, { lane, bytes, at }) => {
    const then = earlier.get(lane)
    return then === undefined || at <= then.at ? sum : sum + ((bytes - then.bytes) / (at - then.at)) * 1000
  }, 0)
}
