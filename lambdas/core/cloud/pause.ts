import { setTimeout as wait } from 'node:timers/promises'

/** How often a call is tried, and how long between. */
export interface Patience {
  /** Calls in all, the first included. */
  readonly attempts: number
  /** Before the second call, in milliseconds; doubles with each further one. */
  readonly firstPause: number
  /** The longest single pause, in milliseconds. */
  readonly longestPause: number
}

/** Waits; ends early with the signal's reason when it fires. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  try {
    await wait(milliseconds, undefined, signal ? { signal } : {})
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}

/** The pause after the given failed attempt (from 1): doubling, between half and all of it, so that callers spread. */
export function backoff(patience: Patience, attempt: number): number {
  const full = Math.min(patience.longestPause, patience.firstPause * 2 ** (attempt - 1))
  return full / 2 + Math.random() * (full / 2)
}

/** The work, or the signal's reason as soon as it fires: for clients that know no signal. Their call runs out by itself. */
export function orStopped<Result>(work: Promise<Result>, signal?: AbortSignal): Promise<Result> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
