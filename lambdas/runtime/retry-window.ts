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
/**
 * A window of 1440 minutes at pauses of 60 seconds needs 1,925 loops, by the crash path 26,950 events of history; Step
 * Functions ends an execution at 25,000. Longer pauses after the first ten minutes bring it to about half.
 */
const LATER_LONGEST_PAUSE_SECONDS = 120
const LATER_AFTER_SECONDS = 600

/**
 * The retry rule: decides whether a step that failed is called again, and when. Pure.
 *
 * The window stays open while the kind of failure stays the same and is counted from its first failure; another kind opens
 * a new one, but not for ever: a server that crashes for want of storage, comes back, says so and crashes again would change the
 * kind with every call. Without a success between them both windows together are the limit. The pause is a jittered 1, 2, 4 … 60 seconds (half of it fixed, half of it random), 120 after ten minutes, and
 * never beyond what is left of the window.
 * @param window the window the step was called with; `null` where the last call succeeded
 */
export function judge(
  error: StepError & { readonly retryable: boolean },
  window: RetryWindow | null,
  settings: RetrySettings,
  clock: Clock,
  random: Random,
): StepAnswer<never> {
  const stepError: StepError = { kind: error.kind, code: error.code, message: error.message, remedy: error.remedy }
  const failed: StepAnswer<never> = { verdict: 'failed', pause: 0, window: null, error: stepError, output: null }
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
  const minutes = error.kind === 'connection' ? settings.connectionMinutes : settings.otherMinutes
  const elapsed = secondsBetween(open.since, now)
  const both = settings.connectionMinutes + settings.otherMinutes
  const altogether = open.began === undefined ? 0 : secondsBetween(open.began, now)
  const left = Math.min(minutes * 60 - elapsed, both * 60 - altogether)
  if (left <= 0) return failed
  return {
    verdict: 'retry',
    pause: pauseSeconds(open.attempt, elapsed, left, random),
    window: open,
    error: stepError,
    output: null,
  }
}

function secondsBetween(since: string, now: Date): number {
  return (now.getTime() - Date.parse(since)) / 1000
}

/** A whole number of seconds, at least 1: `SecondsPath` of a Wait state takes nothing else. */
function pauseSeconds(attempt: number, elapsed: number, left: number, random: Random): number {
  const longest = elapsed >= LATER_AFTER_SECONDS ? LATER_LONGEST_PAUSE_SECONDS : LONGEST_PAUSE_SECONDS
  // 2 ** 7 is beyond every cap; a higher power would only overflow.
  const full = Math.min(2 ** Math.min(attempt - 1, 7), longest)
  const jittered = Math.round(full * (0.5 + random() / 2))
  return Math.max(1, Math.min(jittered, Math.floor(left)))
}
