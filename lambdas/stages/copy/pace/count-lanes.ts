import { z } from 'zod'

/** What is known of one number of lanes. */
const measuredSchema = z.object({ lanes: z.int(), rate: z.number() })

export const laneCountSchema = z.object({
  /** The number to be measured next, or to stay with. */
  lanes: z.int(),
  phase: z.enum(['climb', 'narrow', 'hold']),
  /** The most lanes known to be too few. */
  low: z.int(),
  /** The fewest lanes known to bring as much as any other number. */
  best: measuredSchema.nullable(),
  /** How many stretches it holds. */
  held: z.int(),
})

/** How far the counting is. */
export type LaneCount = z.output<typeof laneCountSchema>

/** More lanes must bring a tenth more altogether; the rate of each then fell to no less than 55 % by a doubling. */
const GAIN = 1.1
/** Fewer lanes may bring so much less: measurements differ by as much. */
const AS_GOOD = 0.95
/** What lies between a number known as too low and the best one is narrowed down to an eighth. */
const NEAR_ENOUGH = 8
/** Then it holds for so many stretches of about ten seconds: other tables, another hour, another load of the way. */
const HOLD_STRETCHES = 60

export function beginCount(lanes: number): LaneCount {
  return { lanes, phase: 'climb', low: 0, best: null, held: 0 }
}

/**
 * The next number of lanes: twice as many as long as all together bring more, then the fewest that bring as much.
 * @param rate what the lanes of `count` brought together in one stretch, bytes per second; `null` where that number could
 *   not be had (no connections, no chunks)
 */
export function countOn(count: LaneCount, rate: number | null, most: number): LaneCount {
  switch (count.phase) {
    case 'climb':
      return climbed(count, rate, most)
    case 'narrow':
      return narrowed(count, rate)
    case 'hold':
      if (count.held < HOLD_STRETCHES || rate === null) return { ...count, held: count.held + 1 }
      return climbed({ ...count, best: null, low: Math.floor(count.lanes / 2) }, rate, most)
  }
}

function climbed(count: LaneCount, rate: number | null, most: number): LaneCount {
  const { lanes, best } = count
  if (rate === null || (best !== null && rate < best.rate * GAIN)) {
    return best === null ? { ...count, phase: 'hold', held: 0 } : narrowOn(count.low, best)
  }
  const low = best?.lanes ?? count.low
  if (lanes >= most) return narrowOn(low, { lanes, rate })
  return { lanes: Math.min(most, lanes * 2), phase: 'climb', low, best: { lanes, rate }, held: 0 }
}

function narrowed({ lanes, low, best }: LaneCount, rate: number | null): LaneCount {
  if (best === null || rate === null) return hold(low, best ?? { lanes, rate: 0 })
  if (rate >= best.rate * AS_GOOD) return narrowOn(low, { lanes, rate: Math.max(rate, best.rate) })
  return narrowOn(lanes, best)
}

function narrowOn(low: number, best: { readonly lanes: number; readonly rate: number }): LaneCount {
  if (best.lanes - low <= Math.max(1, best.lanes / NEAR_ENOUGH)) return hold(low, best)
  return { lanes: Math.floor((low + best.lanes) / 2), phase: 'narrow', low, best, held: 0 }
}

function hold(low: number, best: { readonly lanes: number; readonly rate: number }): LaneCount {
  return { lanes: best.lanes, phase: 'hold', low, best, held: 0 }
}
