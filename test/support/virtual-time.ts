import { setImmediate as turn } from 'node:timers/promises'
import { vi } from 'vitest'

interface Timer {
  readonly at: number
  readonly fire: () => void
  cleared: boolean
}

/**
 * Time that passes only when everybody waits: `setTimeout` of this process is put off to it, in order. A hundred times faster than
 * vitest's own fake timers, which keep a stack trace of every timer. `vi.unstubAllGlobals()` gives the real one back.
 */
export function virtualTime() {
  const began = Date.parse('2026-11-23T00:00:00Z')
  const timers: Timer[] = []
  let milliseconds = 0
  vi.stubGlobal('setTimeout', (fire: () => void, wait = 0) => {
    const timer = { at: milliseconds + wait, fire, cleared: false }
    timers.splice(placeOf(timers, timer.at), 0, timer)
    return timer
  })
  vi.stubGlobal('clearTimeout', (timer: Timer | undefined) => {
    if (timer !== undefined) timer.cleared = true
  })
  return {
    seconds: () => milliseconds / 1000,
    clock: () => new Date(began + milliseconds),
    /** Lets time pass until the promise is settled. */
    async until<Value>(promise: Promise<Value>): Promise<Value> {
      let settled = false
      const end = () => {
        settled = true
      }
      promise.then(end, end)
      for (;;) {
        await turn()
        if (settled) return promise
        let next = timers.pop()
        while (next?.cleared) next = timers.pop()
        if (next === undefined) throw new Error('everybody waits, for nothing')
        milliseconds = Math.max(milliseconds, next.at)
        next.fire()
      }
    },
  }
}

/** Timers are kept with the latest first; of those at one moment the oldest fires first. */
function placeOf(timers: readonly Timer[], at: number): number {
  let [low, high] = [0, timers.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((timers[middle]?.at ?? 0) > at) low = middle + 1
    else high = middle
  }
  return low
}
