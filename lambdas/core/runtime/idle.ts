/** Nobody comes later than that, seconds. */
const LONGEST_SECONDS = 300
const PART = 1 / 60

/**
 * How long a lane without work stays away: a sixtieth of the time the run has taken so far, five minutes at most. So it is late by as
 * little, and a week of waiting costs cents.
 * @param seconds since the run began
 */
export function idlePause(seconds: number, least = 1): number {
  return Math.min(LONGEST_SECONDS, Math.max(least, seconds * PART))
}
