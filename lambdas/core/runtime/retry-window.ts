import { LONG_HISTORY } from './history.ts'
import type { RetryWindow, StepAnswer, StepError } from './verdict.ts'

/** How long a failing step is tried again, per kind of error. The task's `retry`. */
export interface RetrySettings {
  /** Minutes a lost connection is waited for, 10 to 1440. */
  readonly connectionMinutes: number
  /** Minutes any other error is tried again, 1 to 1440, less than `connectionMinutes`. */
  readonly otherMinutes: number
}

/** What DTS does when nothing is said, and what holds before the task has been read. */
export const DEFAULT_RETRY: RetrySettings = { connectionMinutes: 720, otherMinutes: 10 }

/** The time now; injected, so that a window of 24 hours is tested in milliseconds. */
export type Clock = () => Date

/** A number in [0, 1), as `Math.random`. */
export type Random = () => number

const LONGEST_PAUSE_SECONDS = 60
/** After ten minutes the longest pause grows with what has been waited: late by a sixtieth of it, by five minutes at most. */
const LATER = { afterSeconds: 600, least: 120, part: 1 / 60, most: 300 }
/**
 * Where much of the history is used up, and the step has no execution of its own that could be followed by another one: what
 * is left lasts for a fortnight.
 */
const LONG_HISTORY_PAUSE_SECONDS = 900

/** A failure, as the rule sees it. */
export interface Failure {
  readonly error: StepError & { readonly retryable: boolean }
  /** The window the step was called with; `null` where the last call succeeded. */
  readonly window: RetryWindow | null
  /** Events of the execution's history so far. */
  readonly spent?: number | undefined
}

/**
 * The retry rule: decides whether a step that failed is called again, and when. Pure.
 *
 * The window stays open while the kind of failure stays the same and is counted from its first failure; another kind opens
 * a new one, but not for ever: a server that crashes for want of storage, comes back, says so and crashes again would change the
 * kind with every call. Without a success between them both windows together are the limit. The pause is a jittered 1, 2, 4 … 60
 * seconds (half of it fixed, half of it random), up to 300 with the hours, and never beyond what is left of the window.
 */
export function judge(
  { error, window, spent = 0 }: Failure,
  settings: RetrySettings,
  clock: Clock,
  random: Random,
): StepAnswer<never> {
  const { retryable: _, ...stepError }: StepError & { readonly retryable: boolean } = error
  const failed: StepAnswer<never> = { verdict: 'failed', pause: 0, window: null, error: stepError, output: null, spent }
  if (!error.retryable) return failed

  const now = clock()
  const open: RetryWindow =
    window?.kind === error.kind
      ? { ...window, attempt: window.attempt + 1 }
      : {
          kind: error.kind,
          since: now.toISOString(),
          attempt: (window?.attempt ?? 0) + 1,
          ...(window === null ? {} : { began: window.began ?? window.since }),
        }
  const elapsed = secondsBetween(open.since, now)
  const left = Math.min(...spans(open, settings, now).map(({ all, used }) => all - used))
  if (left <= 0) return failed
  return {
    verdict: 'retry',
    pause: pauseSeconds(open.attempt, longestPause(elapsed, spent), left, random),
    window: open,
    error: stepError,
    output: null,
    spent,
  }
}

/** The part of an open window that has passed, 0 to 1: of what ends it first. */
export function windowUsed(window: RetryWindow, settings: RetrySettings, now: Date): number {
  return Math.min(1, Math.max(...spans(window, settings, now).map(({ all, used }) => used / all)))
}

/** What ends a window: the time of its kind, and of both kinds together since the last success. Seconds. */
function spans(window: RetryWindow, { connectionMinutes, otherMinutes }: RetrySettings, now: Date) {
  const own = window.kind === 'connection' ? connectionMinutes : otherMinutes
  const altogether = window.began === undefined ? 0 : secondsBetween(window.began, now)
  return [
    { all: own * 60, used: secondsBetween(window.since, now) },
    { all: (connectionMinutes + otherMinutes) * 60, used: altogether },
  ]
}

function secondsBetween(since: string, now: Date): number {
  return (now.getTime() - Date.parse(since)) / 1000
}

/** A whole number of seconds, at least 1: `SecondsPath` of a Wait state takes nothing else. */
function pauseSeconds(attempt: number, longest: number, left: number, random: Random): number {
  // 2 ** 10 is beyond every cap; a higher power would only overflow.
  const full = Math.min(2 ** Math.min(attempt - 1, 10), longest)
  const jittered = Math.round(full * (0.5 + random() / 2))
  return Math.max(1, Math.min(jittered, Math.floor(left)))
}

function longestPause(elapsed: number, spent: number): number {
  if (spent > LONG_HISTORY) return LONG_HISTORY_PAUSE_SECONDS
  if (elapsed < LATER.afterSeconds) return LONGEST_PAUSE_SECONDS
  return Math.min(Math.max(elapsed * LATER.part, LATER.least), LATER.most)
}
