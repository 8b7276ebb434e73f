import { FUNCTIONS, type FunctionName } from '../../statemachine/functions.ts'
import type { InnerFault } from './victim.ts'

export const KINDS = ['kill', 'cut', 'duplicate', 'time-out', 'restart', 'failover'] as const
export type Kind = (typeof KINDS)[number]

/** Every step; the judge of crashes is called only where something crashes. */
export const STEPS: readonly FunctionName[] = FUNCTIONS.filter((name) => name !== 'JudgeCrashFunction')

/** One case: what is done to a migration, and when. The same seed is the same case. */
export interface FaultCase {
  readonly seed: number
  readonly kind: Kind
  readonly step: FunctionName
  /** Which call of the step, from 1: the second is another lane or keeper. */
  readonly call: number
  /** Milliseconds after the step is called. */
  readonly delay: number
  readonly lanes: number
  /** MB/s of the copy; `null`: as fast as it goes. */
  readonly megabytes: number | null
  /** What is done from within; `null` where it is done from outside. */
  readonly inner: InnerFault | null
  /** Kind `kill`: how long each further start lives, milliseconds; the last one is left alone. */
  readonly lives: readonly number[]
  /** Kind `cut`: how many bytes pass before each cut. */
  readonly cuts: readonly { readonly side: Side; readonly bytes: number; readonly direction: 'received' | 'sent' }[]
  /** Kind `restart`: like the power going, or in order; how long the server stays away, milliseconds. */
  readonly crash: boolean
  readonly away: number
  /** Kind `failover`: the promoted standby is written to before the run finds it. */
  readonly written: boolean
}

export type Side = 'source' | 'destination'

/** Steps that two lanes or keepers are called for at once. */
const SEVERAL: readonly FunctionName[] = [
  'KeepSnapshotFunction',
  'CopyLaneFunction',
  'BuildIndexesFunction',
  'ValidateLaneFunction',
]

/** How long a step takes here about, milliseconds: the moment is chosen within, and a little beyond. */
const LONG: Partial<Record<FunctionName, number>> = {
  PrecheckFunction: 400,
  PlanObjectsFunction: 1500,
  CreateObjectsFunction: 300,
  CopyLaneFunction: 600,
  KeepSnapshotFunction: 600,
  BuildIndexesFunction: 250,
}

/** How many bytes a step moves here about: a cut shall come in the middle of it. Steps that are not here move few. */
const LARGE: Partial<Record<FunctionName, number>> = {
  PrecheckFunction: 30_000,
  PlanObjectsFunction: 150_000,
  PlanCopyFunction: 10_000,
  CreateObjectsFunction: 30_000,
  CopyLaneFunction: 2_000_000,
  KeepSnapshotFunction: 1_000_000,
  BuildIndexesFunction: 20_000,
  LinkObjectsFunction: 10_000,
}

/** Every pair of step and kind comes once in 126 seeds, in an order that mixes both. */
export function readCase(seed: number): FaultCase {
  const random = randomOf(seed)
  const between = (low: number, high: number) => Math.floor(low + random() * (high - low + 1))
  const yes = () => random() < 0.5
  const pick = <Item>(items: readonly Item[]): Item => items[between(0, items.length - 1)] as Item
  // Small numbers are as likely as large ones of the same number of digits.
  const logarithmic = (low: number, high: number) => Math.round(low * (high / low) ** random())

  const pairs = STEPS.length * KINDS.length
  const pair = (seed * 55) % pairs
  const kind = KINDS[Math.floor(pair / STEPS.length)] ?? 'kill'
  const step = STEPS[pair % STEPS.length] ?? 'CopyLaneFunction'
  return {
    seed,
    kind,
    step,
    call: SEVERAL.includes(step) ? between(1, 2) : 1,
    delay: between(0, LONG[step] ?? 60),
    lanes: between(2, 4),
    megabytes: yes() ? null : between(2, 6),
    inner: kind === 'duplicate' ? duplicate() : kind === 'time-out' ? timeOut() : null,
    lives: Array.from({ length: between(0, 2) }, () => between(400, 3500)),
    cuts: Array.from({ length: between(1, 3) }, () => ({
      side: pick(['source', 'destination'] as const),
      bytes: logarithmic(1, LARGE[step] ?? 2_500),
      direction: pick(['received', 'sent'] as const),
    })),
    crash: yes(),
    away: between(0, 1500),
    written: yes(),
  }

  function duplicate(): InnerFault {
    const when = pick(['beside', 'beside', 'late'] as const)
    return {
      kind: 'duplicate',
      when,
      heard: yes() ? 0 : 1,
      milliseconds: when === 'late' ? between(50, 2000) : between(0, 40),
    }
  }
  function timeOut(): InnerFault {
    const how = pick(['told', 'cut', 'lost'] as const)
    return { kind: 'time-out', how, milliseconds: logarithmic(10, 2 * (LONG[step] ?? 120)), calls: between(1, 3) }
  }
}

/** A number in [0, 1), the same row of them for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
