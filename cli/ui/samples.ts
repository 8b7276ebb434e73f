/** What was moved until a moment. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly bytes: number
  readonly rows: number
}

/** As many points as a screen has columns; then every second one goes. */
const MOST_SAMPLES = 900
/** Over how many samples a speed is taken: counts come once a second, now and then two at once. */
const SPAN = 3

/** Pure. @returns one more sample, or every second one of so many */
export function takeSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const all = [...samples, sample]
  if (all.length <= MOST_SAMPLES) return all
  // The last one stays: what comes next is measured from it.
  return all.filter((_, index) => (all.length - 1 - index) % 2 === 0)
}

/** Speeds by time, as the plot takes them: seconds since 1970, bytes and rows per second. */
export interface Speeds {
  readonly at: readonly number[]
  readonly bytes: readonly number[]
  readonly rows: readonly number[]
}

/** Pure. What is taken back, as where a table is copied again, is no negative speed. */
export function speedsOf(samples: readonly Sample[]): Speeds {
  const points = samples.flatMap((sample, index) => {
    const before = samples[Math.max(0, index - SPAN)]
    if (before === undefined || before.at >= sample.at) return []
    const per = (more: number) => Math.max(0, Math.round((more * 1000) / (sample.at - before.at)))
    return [{ at: sample.at / 1000, bytes: per(sample.bytes - before.bytes), rows: per(sample.rows - before.rows) }]
  })
  return {
    at: points.map(({ at }) => at),
    bytes: points.map(({ bytes }) => bytes),
    rows: points.map(({ rows }) => rows),
  }
}
