const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB']

/** Bytes in decimal units, three digits: `1.23 GB`. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  // 999.5 would be shown as 1000.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`
}

let counts: Intl.NumberFormat | null = null

/** A count with separators: `1,234,567`. */
export function countText(count: number): string {
  // Made once, by the first number: toLocaleString would look its locale up for each of a long report.
  counts ??= new Intl.NumberFormat('en-US')
  return counts.format(count)
}

/** A count and its noun: `1 table`, `15 tables`. */
export function numberOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${countText(count)} ${count === 1 ? noun : plural}`
}

/**
 * How many of how many: `12,345 of about 99,000 rows`.
 * @param about an estimate; `null` where there is none. One that is less than the part is behind, and not told
 */
export function partOf(count: number, about: number | null | undefined, noun: string): string {
  if (about === null || about === undefined || about < count) return numberOf(count, noun)
  return `${countText(count)} of about ${numberOf(about, noun)}`
}

/** A duration out of seconds: `0.04 s`, `0.4 s`, `42 s`, `3 min 20 s`, `2 h 05 min`. */
export function durationText(seconds: number): string {
  if (seconds >= 0.005 && seconds < 0.095) return `${seconds.toFixed(2)} s`
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`
}

/** From the shorter to the longer of two durations, each rounded as far as they differ: `2–3 min`, `40–55 s`. */
export function durationRange(least: number, most: number): string {
  const [unit, name] = most < 90 ? [1, 's'] : most < 5400 ? [60, 'min'] : [3600, 'h']
  const rounded = (seconds: number) => Math.max(1, Math.round(seconds / unit))
  const [low, high] = [rounded(least), rounded(most)]
  return low >= high ? `about ${high} ${name}` : `${low}–${high} ${name}`
}
