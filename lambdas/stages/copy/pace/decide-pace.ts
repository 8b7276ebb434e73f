/** What was found about the source, beside what it is to be held below. */
export interface Reading {
  readonly what: 'latency' | 'CPU'
  readonly value: number
  readonly target: number
  /** False where it was judged before, or was measured before the pace was last changed: it says nothing new. */
  readonly fresh: boolean
}

/** The pace, and what is remembered from look to look. */
export interface PaceState {
  /** Part of the lanes' speed, from `SLOWEST` to 1. */
  readonly pace: number
  /** How many looks in a row the source had room. */
  readonly calm: number
  /** The pace that was too much last time; `null` since it was passed without harm. */
  readonly ceiling: number | null
}

export interface PaceDecision extends PaceState {
  /** One line. */
  readonly reason: string
}

export const FULL_PACE: PaceState = { pace: 1, calm: 0, ceiling: null }
/** The copy never starves: what is too slow to end helps nobody. */
export const SLOWEST = 0.05
/** Below this part of the target there is room; between it and the target the pace stands, so that it does not swing. */
const ROOM = 0.8
/** One quiet look may be chance. */
const CALM_LOOKS = 2
/** How much is added; it grows with every calm look, since a source that stays calm has room for more. */
const STEP = 0.05
const MOST_STEPS = 4
/** Near the pace that was too much last time it is felt for carefully. */
const NEAR_CEILING = 0.85
const CAREFUL_STEP = 0.01
/** A pace is cut by how far the source is above its target, within these. */
const DEEPEST_CUT = 0.5
const SMALLEST_CUT = 0.9

/**
 * Additive increase, multiplicative decrease, as TCP does it. Every reading must have room for an increase, one above its
 * target is enough for a decrease; what is not known (`null`) is never taken for room.
 */
export function decidePace(state: PaceState, readings: readonly (Reading | null)[]): PaceDecision {
  const known = readings.filter((reading) => reading !== null)
  const reason = known.map(describeReading).join(', ') || 'the source could not be measured'
  const fresh = known.filter((reading) => reading.fresh)
  const worst = Math.max(0, ...fresh.map(({ value, target }) => value / target))
  if (worst > 1) {
    const cut = Math.min(SMALLEST_CUT, Math.max(DEEPEST_CUT, 1 / worst))
    return { pace: rounded(Math.max(SLOWEST, state.pace * cut)), calm: 0, ceiling: state.pace, reason }
  }
  if (worst > ROOM) return { ...state, calm: 0, reason }
  if (fresh.length < readings.length) return { ...state, reason }
  const calm = state.calm + 1
  const pace = calm < CALM_LOOKS ? state.pace : rounded(raised(state, calm))
  return { pace, calm, ceiling: state.ceiling !== null && pace > state.ceiling ? null : state.ceiling, reason }
}

function raised({ pace, ceiling }: PaceState, calm: number): number {
  const higher = Math.min(1, pace + STEP * Math.min(MOST_STEPS, calm - CALM_LOOKS + 1))
  const careful = ceiling === null ? 1 : ceiling * NEAR_CEILING
  return higher <= careful ? higher : Math.min(higher, Math.max(careful, pace + CAREFUL_STEP))
}

function rounded(pace: number): number {
  return Math.round(pace * 1000) / 1000
}

function describeReading({ what, value, target }: Reading): string {
  const unit = what === 'CPU' ? '%' : 'ms'
  return `${what} of the source ${shown(value)} ${unit}, target ${shown(target)} ${unit}`
}

function shown(value: number): string {
  return String(value >= 10 ? Math.round(value) : Math.round(value * 10) / 10)
}
