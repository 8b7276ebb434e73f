/** Over how long a rate is averaged, milliseconds: short enough to follow a change, long enough for chunks of 256 MB. */
const WINDOW = 15_000

interface Sample {
  readonly at: number
  readonly value: number
}

/** Two speeds that differ by less are told as one that may be off by as much. */
const LEAST_SPREAD = 0.1

/** The speed of a growing number. */
export class Rate {
  #samples: readonly Sample[] = []
  #first: Sample | null = null

  /** @param at milliseconds on any clock that only goes forward */
  add(value: number, at: number): void {
    this.#first ??= { at, value }
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

  /** From the lower to the higher of what it was of late and since it began; `null` where it is not known yet. */
  get range(): { readonly low: number; readonly high: number } | null {
    const [first, last, late] = [this.#first, this.#samples.at(-1), this.perSecond()]
    if (first === null || last === undefined || last.at <= first.at || late === 0) return null
    const all = ((last.value - first.value) * 1000) / (last.at - first.at)
    if (all <= 0) return null
    return { low: Math.min(late, all) * (1 - LEAST_SPREAD), high: Math.max(late, all) * (1 + LEAST_SPREAD) }
  }
}
