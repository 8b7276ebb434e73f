/** Over how long a rate is averaged, milliseconds: short enough to follow a change, long enough for chunks of 256 MB. */
const WINDOW = 15_000

interface Sample {
  readonly at: number
  readonly value: number
}

/** The speed of a growing number. */
export class Rate {
  #samples: readonly Sample[] = []

  /** @param at milliseconds on any clock that only goes forward */
  add(value: number, at: number): void {
    const recent = this.#samples.filter((sample) => at - sample.at <= WINDOW)
    // One sample from before the window stays, else a slow copy would have no rate at all.
    const last = this.#samples.at(-1)
    this.#samples = recent.length === 0 && last !== undefined ? [last, { at, value }] : [...recent, { at, value }]
  }

  /** Per second; 0 where it is not known yet. */
  perSecond(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (first === undefined || last === undefined || last.at <= first.at) return 0
    return Math.max(0, ((last.value - first.value) * 1000) / (last.at - first.at))
  }
}
