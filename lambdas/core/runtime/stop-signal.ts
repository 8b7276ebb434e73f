/** How long before the end of its time a call is told to stop: enough to roll back, write down and answer. */
export const STOP_BEFORE_MILLISECONDS = 10_000

interface StopSignal {
  /** Fires when the call must come to an end. */
  readonly signal: AbortSignal
  /** Takes the timer back; a Lambda with an open timer is kept awake. */
  clear(): void
}

/**
 * The signal of one call: fires `before` milliseconds before its time is up, or at once when `outer` fires (on one machine:
 * the user stops the run). Of a short time at most a quarter is kept back.
 */
export function stopSignal(
  remainingMilliseconds: number,
  outer: AbortSignal | undefined,
  before = STOP_BEFORE_MILLISECONDS,
): StopSignal {
  const timeIsUp = new AbortController()
  const margin = Math.min(before, remainingMilliseconds / 4)
  const timer = setTimeout(() => timeIsUp.abort(), Math.max(0, remainingMilliseconds - margin))
  const signal = outer === undefined ? timeIsUp.signal : AbortSignal.any([timeIsUp.signal, outer])
  return { signal, clear: () => clearTimeout(timer) }
}
