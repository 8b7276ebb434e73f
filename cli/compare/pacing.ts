import { setTimeout as sleep } from 'node:timers/promises'
import type { Task } from '../../lambdas/core/task/task.ts'
import { Throttle } from '../../lambdas/stages/copy/pace/throttle.ts'

/** Hours of the day in which it reads, in minutes of this machine's time. The end may be on the next day. */
export interface DailyWindow {
  readonly from: number
  readonly to: number
}

const DAY = 24 * 60

/** Minutes until the window opens; 0 while it is open. Pure. */
export function minutesUntilOpen(window: DailyWindow | null, now: Date): number {
  if (window === null) return 0
  const minute = now.getHours() * 60 + now.getMinutes()
  const isOpen =
    window.from <= window.to ? minute >= window.from && minute < window.to : minute >= window.from || minute < window.to
  return isOpen ? 0 : (window.from - minute + DAY) % DAY
}

/** What holds the readers of a comparison back, all of them together: the task's limits, and the hours of the day. */
export class Pacing {
  readonly #throttle = new Throttle()
  readonly #window: DailyWindow | null
  readonly #signal: AbortSignal

  constructor({ throttle }: Pick<Task, 'throttle'>, window: DailyWindow | null, signal: AbortSignal) {
    const { rowsPerSecond, queriesPerSecond, megabytesPerSecond } = throttle
    const bytesPerSecond = megabytesPerSecond === null ? null : megabytesPerSecond * 1_000_000
    this.#throttle.setRates({ rowsPerSecond, queriesPerSecond, bytesPerSecond })
    this.#window = window
    this.#signal = signal
  }

  /** Milliseconds until reading is allowed again. */
  get closedFor(): number {
    return minutesUntilOpen(this.#window, new Date()) * 60_000
  }

  /** Notes what was read, and waits for as long as the limits ask. */
  async passed(spent: { readonly rows: number; readonly bytes: number; readonly queries: number }): Promise<void> {
    await this.wait(this.#throttle.spend(spent))
  }

  async wait(milliseconds: number): Promise<void> {
    if (milliseconds > 0) await sleep(milliseconds, undefined, { signal: this.#signal })
  }
}
