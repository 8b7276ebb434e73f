/** Less than this of a flight says nothing about its speed. */
const SHORTEST_MILLISECONDS = 500

/**
 * How fast a lane's stream is when nothing but the fixed limits holds it: what a pace below 1 is a part of. Opening and
 * closing the stream in turns would not do, since both servers' socket buffers hold megabytes: they fill while it is closed,
 * and at 30 MB/s the source would notice nothing of a tenth.
 */
export class ReferenceSpeed {
  #bytes = 0
  #flown = 0
  #began: number | null = null
  #known: number | null = null
  readonly #now: () => number

  /** @param now milliseconds, monotonic */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Bytes per second; `null` before it was measured. */
  get bytesPerSecond(): number | null {
    return this.#known
  }

  begin(): void {
    this.#began = this.#now()
  }

  end(): void {
    this.#flown += this.#sinceBegin()
    this.#began = null
  }

  passed(bytes: number): void {
    this.#bytes += bytes
  }

  /** Ends a stretch. @param unhindered whether the stream had its full speed in it */
  measure(unhindered: boolean): void {
    const flown = this.#flown + this.#sinceBegin()
    const speed = (this.#bytes / flown) * 1000
    if (unhindered && flown >= SHORTEST_MILLISECONDS && this.#bytes > 0) {
      this.#known = this.#known === null ? speed : (this.#known + speed) / 2
    }
    this.#bytes = 0
    this.#flown = 0
    if (this.#began !== null) this.#began = this.#now()
  }

  #sinceBegin(): number {
    return this.#began === null ? 0 : this.#now() - this.#began
  }
}
