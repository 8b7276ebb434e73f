import { DATABASES_AT_ONCE, laneNumbers } from '../../lambdas/core/task/lanes.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import type { DatabasePlan } from './database-plan.ts'
import type { Measured, MeasuredSample } from './measure.ts'

/** From the fastest to the slowest that what was measured lets expect, seconds. */
export interface Span {
  readonly low: number
  readonly high: number
}

/** How long a run of one database takes behind its plan. */
export interface DatabaseEstimate {
  readonly copy: Span
  readonly index: Span
  readonly compare: Span
  readonly total: Span
  /** What travels from the source, in the form of COPY. */
  readonly sent: number
}

/** So far single samples of the same speed lie apart: a range narrower than this would promise too much. */
const SPREAD = 1.25

/**
 * What the samples come to for the whole database; `null` where none could be copied. Copying goes by bytes of the source's files and by
 * lanes: with more lanes than were measured it is between as fast and faster by as many times. Keys and indexes are
 * built while other tables are copied still, and by then behind all rows: the truth lies between both.
 */
export function estimateDatabase(plan: DatabasePlan, measured: Measured, task: Task): DatabaseEstimate | null {
  const { samples } = measured
  if (samples.length === 0) return null
  const lanes = laneNumbers(task)
  const bytes = plan.relations.reduce((sum, relation) => sum + relation.bytes, 0)
  const read = sumOf(samples, (sample) => sample.bytes)
  const sent = (bytes * sumOf(samples, (sample) => sample.sent)) / read
  const copyRates = spanOfRates(samples, ({ copySeconds }) => copySeconds)
  const limit = task.throttle.megabytesPerSecond
  const least = limit === null ? 0 : sent / (limit * 1_000_000)
  const copy = {
    low: Math.max(least, (bytes * copyRates.low) / Math.max(lanes.first, measured.lanes)),
    high: Math.max(least, (bytes * copyRates.high) / measured.lanes),
  }
  const built = plan.statements.filter(
    ({ stage, kind, verdict, blocked }) =>
      stage === 'index' && verdict !== 'skip' && !blocked && /^(INDEX|CONSTRAINT|FK CONSTRAINT)$/.test(kind),
  )
  const indexRates = spanOfRates(samples, ({ indexSeconds }) => indexSeconds)
  const indexBytes = sumOf(built, (one) => one.bytes)
  const largest = Math.max(0, ...built.map((one) => one.bytes))
  const index = {
    low: indexRates.low * Math.max(largest, indexBytes / lanes.beside),
    high: indexRates.high * Math.max(largest, indexBytes / Math.min(lanes.beside, measured.lanes)),
  }
  const compareRates = spanOfRates(samples, ({ compareSeconds }) => compareSeconds)
  const compare = {
    low: (bytes * compareRates.low) / Math.max(lanes.beside, measured.lanes),
    high: (bytes * compareRates.high) / measured.lanes,
  }
  const total = {
    low: Math.max(copy.low, index.low) + compare.low,
    high: copy.high + index.high + compare.high,
  }
  return { copy, index, compare, total, sent }
}

/**
 * Of the whole run. Four databases go at once: at best as fast as the slowest of them, at worst, where they share what one has
 * already used up, one behind the other.
 * @param planSeconds what this plan took without its measuring; a run has it once more, and as much again for what is around the rows
 */
export function estimateRun(estimates: readonly DatabaseEstimate[], planSeconds: number): Span {
  const lows = estimates.map(({ total }) => total.low)
  const low = Math.max(0, ...lows, sumOf(lows, (one) => one) / DATABASES_AT_ONCE)
  return { low: planSeconds + low, high: 2 * planSeconds + sumOf(estimates, ({ total }) => total.high) }
}

/** Seconds of one lane for a byte: of the fast half of all samples, and of the slow one; zero where nothing was measured. */
function spanOfRates(samples: readonly MeasuredSample[], seconds: (sample: MeasuredSample) => number | null): Span {
  const known = samples.flatMap((sample) => {
    const took = seconds(sample)
    return took === null || sample.bytes === 0 ? [] : [{ took, bytes: sample.bytes }]
  })
  if (known.length === 0) return { low: 0, high: 0 }
  const sorted = known.toSorted((one, other) => one.took / one.bytes - other.took / other.bytes)
  const half = Math.ceil(sorted.length / 2)
  const rate = (part: typeof sorted) => sumOf(part, (one) => one.took) / sumOf(part, (one) => one.bytes)
  const all = rate(sorted)
  return {
    low: Math.min(rate(sorted.slice(0, half)), all / SPREAD),
    high: Math.max(rate(sorted.slice(-half)), all * SPREAD),
  }
}

function sumOf<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0)
}
