import type { ClaimedChunk } from '../../../core/ledger/chunks/chunk.ts'
import type { Flight } from '../../../core/ledger/under-way.ts'
import type { Governor } from '../stream/flight.ts'
import type { Valve } from '../stream/valve.ts'

/** Short of all: whether a flight has landed only its receipts say. */
const MOST = 0.99

/**
 * Counts what passes through the stream of a flight, for whoever watches the run. A stream has other bytes than the plan, which knows
 * the source's files: what the flights before came to says how many.
 */
export class FlightGauge implements Governor {
  readonly #pace: Governor
  #flight: { readonly number: number; readonly relation: number; readonly estimated: number } | null = null
  #passed = { bytes: 0, rows: 0 }
  /** Estimated bytes for each byte of the stream. */
  #ratio = 1
  #last = 0

  /** @param pace who holds the stream back */
  constructor(pace: Governor) {
    this.#pace = pace
  }

  /** The number of the flight that began last. */
  get number(): number {
    return this.#last
  }

  /** A flight begins. */
  begin(chunks: readonly Pick<ClaimedChunk, 'relation' | 'bytes'>[]): void {
    const [first] = chunks.toSorted((one, other) => other.bytes - one.bytes)
    this.#last = Math.max(this.#last + 2, Date.now())
    this.#passed = { bytes: 0, rows: 0 }
    const estimated = chunks.reduce((sum, { bytes }) => sum + bytes, 0)
    this.#flight = first === undefined ? null : { number: this.#last, relation: first.relation, estimated }
  }

  /** All of its rows have passed. */
  landed(): void {
    const { bytes } = this.#passed
    if (this.#flight !== null && bytes > 0) this.#ratio = this.#flight.estimated / bytes
  }

  /** What is under way; `null` before the first flight. */
  get underWay(): Flight | null {
    if (this.#flight === null) return null
    const { number, relation, estimated } = this.#flight
    const bytes = Math.floor(Math.min(estimated * MOST, this.#passed.bytes * this.#ratio))
    return { number, relation, bytes, rows: this.#passed.rows }
  }

  govern(valve: Valve | null): void {
    this.#pace.govern(valve)
  }

  passed(bytes: number, rows: number): void {
    this.#passed.bytes += bytes
    this.#passed.rows += rows
    this.#pace.passed(bytes, rows)
  }
}
