/**
 * What a step tells the state machine. The decision is TypeScript, the waiting is ASL: a handler judges its own errors and
 * answers with a verdict, the machine only loops.
 */
export type Verdict = 'more' | 'retry' | 'yield' | 'done' | 'failed'

/** An open retry window. Kept while the kind of failure stays the same; a success clears it, another kind opens a new one. */
export interface RetryWindow {
  readonly kind: 'connection' | 'other'
  /** When the first failure of this kind happened, ISO 8601. */
  readonly since: string
  /** Failures so far since the last success, from 1. */
  readonly attempt: number
  /** When the first failure since the last success happened, of whatever kind; missing: with this window. */
  readonly began?: string
}

/** An error as it travels through the state machine: never a secret, never a row value, never a stack. */
export interface StepError {
  readonly kind: 'connection' | 'other'
  readonly code: string
  readonly message: string
  readonly remedy: string
  /** What was found wrong beside it, each with its own remedy. */
  readonly besides?: readonly FoundBesides[] | undefined
}

export interface FoundBesides {
  readonly code: string
  readonly message: string
  readonly remedy: string
}

/**
 * The answer of every step. All fields are always present (a ResultSelector fails on a missing one), `null` where empty.
 * @typeParam Output what the step hands on in the state, a few KiB at most
 */
export interface StepAnswer<Output = unknown> {
  readonly verdict: Verdict
  /** Seconds to wait before the next call: an integer >= 1 for `retry`, else 0. */
  readonly pause: number
  readonly window: RetryWindow | null
  readonly error: StepError | null
  readonly output: Output | null
  /** Events of the execution's history so far, as history.ts counts them. A body leaves it at 0: the wrapper counts. */
  readonly spent: number
}

/** What all answers have alike that say nothing more. */
const NOTHING = { pause: 0, window: null, error: null, output: null, spent: 0 } as const

export function done<Output>(output: Output | null = null): StepAnswer<Output> {
  return { ...NOTHING, verdict: 'done', output }
}

export function more(): StepAnswer<never> {
  return { ...NOTHING, verdict: 'more' }
}

/** Again after a pause, though nothing is wrong: there is nothing to do yet, and a call that only waits costs its time. */
export function waiting(seconds: number): StepAnswer<never> {
  return { ...NOTHING, verdict: 'retry', pause: Math.max(1, Math.round(seconds)) }
}

export function yielded(): StepAnswer<never> {
  return { ...NOTHING, verdict: 'yield' }
}

export function failed(error: StepError, window: RetryWindow | null = null): StepAnswer<never> {
  return { ...NOTHING, verdict: 'failed', window, error }
}
