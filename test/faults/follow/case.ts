import { type Choices, choicesOf } from '../random.ts'
import type { Side } from '../steps.ts'

/** What is done to a run that follows, so long after the one before, milliseconds. */
export type FollowFault = { readonly after: number } & (
  | { readonly kind: 'kill' }
  | { readonly kind: 'cut'; readonly side: Side; readonly bytes: number }
  | { readonly kind: 'restart'; readonly side: Side; readonly how: 'crash' | 'immediate' | 'fast' }
  | { readonly kind: 'terminate'; readonly side: Side }
  | { readonly kind: 'word' }
)

export interface FollowCase {
  readonly seed: number
  readonly kind: 'follow'
  readonly faults: readonly FollowFault[]
  /** Of the run's starts, one after the other: how many changes are one part. */
  readonly parts: readonly number[]
  /** How many rows the large transactions have. */
  readonly bulk: number
  /** SIGKILL so long after the cutover is asked for, milliseconds; `null`: none. */
  readonly killedAtCutover: number | null
}

/** The same seed is the same case; the writers go at the machine's pace. */
export function readFollowCase(seed: number): FollowCase {
  const choices = choicesOf(seed)
  const { between, logarithmic, yes } = choices
  const faults = Array.from({ length: between(2, 6) }, () => readFault(choices))
  const large = seed % 3 === 0
  return {
    ...{ seed, kind: 'follow', faults },
    parts: Array.from({ length: 8 }, () => logarithmic(large ? 1000 : 10, large ? 20_000 : 4_000)),
    bulk: large ? 100_000 : 3_000,
    killedAtCutover: yes() ? between(0, 1500) : null,
  }
}

const SIDES = ['source', 'destination'] as const
/** Some come more often than others. */
const FAULTS = ['kill', 'kill', 'kill', 'cut', 'cut', 'restart', 'terminate', 'word'] as const

function readFault({ between, logarithmic, pick }: Choices): FollowFault {
  const after = between(100, 2500)
  const side = pick(SIDES)
  const kind = pick(FAULTS)
  switch (kind) {
    case 'kill':
    case 'word':
      return { after, kind }
    case 'cut':
      return { after, kind, side, bytes: logarithmic(1, 300_000) }
    case 'restart':
      return { after, kind, side, how: pick(['crash', 'immediate', 'fast']) }
    case 'terminate':
      return { after, kind, side }
  }
}
