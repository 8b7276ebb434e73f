import { setTimeout as sleep } from 'node:timers/promises'
import { type LaneControl, mayWork, share } from '../../../core/ledger/lane-control.ts'
import type { Holding } from '../../../core/postgres/stall.ts'
import type { Valve } from '../stream/valve.ts'
import { ReferenceSpeed } from './reference-speed.ts'
import { type Rates, Throttle } from './throttle.ts'

/** Shorter pauses are not worth a timer: they add up and are taken together. */
const SHORTEST_PAUSE_MILLISECONDS = 5

/** A flight of small tables is made up for by a pause before the next one, not longer than this: the pace may be another soon. */
const LONGEST_REST_MILLISECONDS = 5_000

/**
 * How fast a lane copies: its share of the limits, its part of its own speed where the source is to be spared, and whether
 * it is one of the lanes that may work at all.
 */
export class Pace {
  readonly #lane: number
  readonly #databases: number
  readonly #throttle: Throttle
  readonly #reference: ReferenceSpeed
  #valve: Valve | null = null
  #timer: NodeJS.Timeout | null = null
  #mayWork = true
  #applied = false
  #limit: number | null = null
  #eligible = false
  /** Lanes that are counted automatically end their flight when they are too many: it comes down by and by. */
  #counted = false
  #bytes = 0
  /** Part of the lane's own speed, 1: all of it. */
  #pace = 1
  #flight = { began: 0, paused: 0, owes: 0 }

  /** @param databases how many databases of the task may be copied at once */
  constructor(
    lane: number,
    databases = 1,
    throttle: Throttle = new Throttle(),
    reference: ReferenceSpeed = new ReferenceSpeed(),
  ) {
    this.#lane = lane
    this.#databases = databases
    this.#throttle = throttle
    this.#reference = reference
  }

  /** This lane's share of what the run may copy, bytes per second; `null`: no limit. */
  get limit(): number | null {
    return this.#limit
  }

  get mayWork(): boolean {
    return this.#mayWork
  }

  /** What holds the flight under way back. */
  get holding(): Holding {
    return {
      byLimits: () => this.#valve?.isClosedBy('rate') === true || this.#valve?.isClosedBy('lanes') === true,
      byDestination: () => this.#valve?.isClosedBy('slots') === true,
    }
  }

  /** Takes over what the ledger says now; a flight under way feels it at once. */
  apply(control: LaneControl): void {
    // Of lanes above the limit one steps in when it is wanted at two looks: lanes below it may only be about to begin.
    const eligible = mayWork(this.#lane, control)
    this.#mayWork = eligible && (this.#lane < control.lanes || this.#eligible)
    this.#eligible = eligible
    // In a pause they stand like others: what they hold is not to be copied again.
    this.#counted = control.mostLanes !== null && !control.paused
    // The lanes that start beside this one do not show yet: until the second look all of them are counted.
    const rates = scaled(control, this.#applied ? share(control) : 1 / (control.lanes * this.#databases))
    this.#applied = true
    // A lane that begins under a low pace has to find out first what its full speed is.
    this.#reference.measure(this.#pace === 1 || this.#reference.bytesPerSecond === null)
    this.#pace = control.pace
    this.#limit = lower(rates.bytesPerSecond, this.#spared())
    this.#throttle.setRates({ ...rates, bytesPerSecond: this.#limit })
    if (this.#stands) this.#valve?.close('lanes')
    else this.#valve?.open('lanes')
  }

  /** The flight that is to be held back, `null` between flights. */
  govern(valve: Valve | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#valve = valve
    if (valve === null) this.#landed()
    else {
      this.#reference.begin()
      this.#flight = { began: performance.now(), paused: 0, owes: 0 }
    }
    if (this.#stands) valve?.close('lanes')
  }

  /** Notes what has passed, and closes the valve for as long as the limits ask. */
  passed(bytes: number, rows: number): void {
    this.#reference.passed(bytes)
    this.#bytes += bytes
    const pause = this.#throttle.spend({ bytes, rows })
    if (pause < SHORTEST_PAUSE_MILLISECONDS || this.#timer !== null) return
    const valve = this.#valve
    valve?.close('rate')
    this.#flight.paused += pause
    this.#timer = setTimeout(() => {
      this.#timer = null
      valve?.open('rate')
    }, pause)
  }

  /** What has passed since it was asked last. */
  takeBytes(): number {
    const bytes = this.#bytes
    this.#bytes = 0
    return bytes
  }

  get #stands(): boolean {
    return !this.#mayWork && !this.#counted
  }

  /** What the pace leaves of the lane's speed, bytes per second; `null` where it leaves all. */
  #spared(): number | null {
    const speed = this.#reference.bytesPerSecond
    return this.#pace === 1 || speed === null ? null : speed * this.#pace
  }

  /** What the source worked longer than its part goes into the pause before the next flight. */
  #landed(): void {
    this.#reference.end()
    const took = performance.now() - this.#flight.began
    const worked = Math.max(0, took - this.#flight.paused)
    this.#flight.owes = Math.min(LONGEST_REST_MILLISECONDS, Math.max(0, worked / this.#pace - took))
  }

  /** Waits until so many queries may be sent to the source. */
  async queries(count: number, signal: AbortSignal): Promise<void> {
    const pause = Math.max(this.#throttle.spend({ queries: count }), this.#flight.owes)
    this.#flight.owes = 0
    if (pause >= SHORTEST_PAUSE_MILLISECONDS) await sleep(pause, undefined, { signal }).catch(() => {})
  }
}

/** The lower of two rates, of which each may be missing. */
function lower(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other)
}

function scaled(control: LaneControl, part: number): Rates {
  const of = (rate: number | null) => (rate === null ? null : rate * part)
  return {
    rowsPerSecond: of(control.rowsPerSecond),
    bytesPerSecond: of(control.bytesPerSecond),
    queriesPerSecond: of(control.queriesPerSecond),
  }
}
