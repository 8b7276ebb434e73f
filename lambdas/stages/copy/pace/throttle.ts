/** What one lane may do, per second; `null`: no limit. */
export interface Rates {
  readonly rowsPerSecond: number | null
  readonly bytesPerSecond: number | null
  readonly queriesPerSecond: number | null
}

const UNLIMITED: Rates = { rowsPerSecond: null, bytesPerSecond: null, queriesPerSecond: null }

/**
 * A lane's share of the limits as token buckets that may go into debt: what has arrived cannot be sent back, so the answer
 * is how long to pause until the debt is paid. A bucket holds a quarter of a second, so a burst stays short.
 */
export class Throttle {
  readonly #now: () => number
  #rates: Rates = UNLIMITED
  #last: number
  #rows = 0
  #bytes = 0
  #queries = 0

  /** @param now milliseconds, monotonic */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#last = now()
  }

  /** New rates hold from now on; a debt made under the old ones is paid at the new rate. */
  setRates(rates: Rates): void {
    this.#refill()
    this.#rates = rates
  }

  /** Notes what has passed. @returns milliseconds to pause, 0 where the limits are kept */
  spend(spent: { readonly rows?: number; readonly bytes?: number; readonly queries?: number }): number {
    this.#refill()
    this.#rows -= spent.rows ?? 0
    this.#bytes -= spent.bytes ?? 0
    this.#queries -= spent.queries ?? 0
    return Math.max(
      owed(this.#rows, this.#rates.rowsPerSecond),
      owed(this.#bytes, this.#rates.bytesPerSecond),
      owed(this.#queries, this.#rates.queriesPerSecond),
    )
  }

  #refill(): void {
    const now = this.#now()
    const seconds = (now - this.#last) / 1000
    this.#last = now
    this.#rows = refilled(this.#rows, this.#rates.rowsPerSecond, seconds)
    this.#bytes = refilled(this.#bytes, this.#rates.bytesPerSecond, seconds)
    this.#queries = refilled(this.#queries, this.#rates.queriesPerSecond, seconds)
  }
}

const BURST_SECONDS = 0.25

function refilled(tokens: number, rate: number | null, seconds: number): number {
  return rate === null ? 0 : Math.min(tokens + rate * seconds, rate * BURST_SECONDS)
}

function owed(tokens: number, rate: number | null): number {
  return rate === null || tokens >= 0 ? 0 : (-tokens / rate) * 1000
}
