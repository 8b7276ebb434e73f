import { setTimeout as sleep } from 'node:timers/promises'
import { type LaneControl, mayWork, share } from '../ledger/lane-control.ts'
import type { Valve } from './stream/valve.ts'
import { type Rates, Throttle } from './throttle.ts'

/** Shorter pauses are not worth a timer: they add up and are taken together. */
const SHORTEST_PAUSE_MILLISECONDS = 5

/** How fast a lane copies: its share of the limits, and whether it is one of the lanes that may work at all. */
export class Pace {
  readonly #lane: number
  readonly #databases: number
  readonly #throttle: Throttle
  #valve: Valve | null = null
  #timer: NodeJS.Timeout | null = null
  #mayWork = true
  #applied = false

  /** @param databases how many databases of the task may be copied at once */
  constructor(lane: number, databases = 1, throttle: Throttle = new Throttle()) {
    this.#lane = lane
    this.#databases = databases
    this.#throttle = throttle
  }

  get mayWork(): boolean {
    return this.#mayWork
  }

  /** Takes over what the ledger says now; a flight under way feels it at once. */
  apply(control: LaneControl): void {
    this.#mayWork = mayWork(this.#lane, control)
    // The lanes that start beside this one do not show yet: until the second look all of them are counted.
    this.#throttle.setRates(scaled(control, this.#applied ? share(control) : 1 / (control.lanes * this.#databases)))
    this.#applied = true
    if (this.#mayWork) this.#valve?.open('lanes')
    else this.#valve?.close('lanes')
  }

  /** The flight that is to be held back, `null` between flights. */
  govern(valve: Valve | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#valve = valve
    if (!this.#mayWork) valve?.close('lanes')
  }

  /** Notes what has passed, and closes the valve for as long as the limits ask. */
  passed(bytes: number, rows: number): void {
    const pause = this.#throttle.spend({ bytes, rows })
    if (pause < SHORTEST_PAUSE_MILLISECONDS || this.#timer !== null) return
    const valve = this.#valve
    valve?.close('rate')
    this.#timer = setTimeout(() => {
      this.#timer = null
      valve?.open('rate')
    }, pause)
  }

  /** Waits until so many queries may be sent to the source. */
  async queries(count: number, signal: AbortSignal): Promise<void> {
    const pause = this.#throttle.spend({ queries: count })
    if (pause >= SHORTEST_PAUSE_MILLISECONDS) await sleep(pause, undefined, { signal }).catch(() => {})
  }
}

function scaled(control: LaneControl, part: number): Rates {
  const of = (rate: number | null) => (rate === null ? null : rate * part)
  return {
    rowsPerSecond: of(control.rowsPerSecond),
    bytesPerSecond: of(control.bytesPerSecond),
    queriesPerSecond: of(control.queriesPerSecond),
  }
}
