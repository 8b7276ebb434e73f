/** Node's timers count 32 bits of milliseconds, 24 days and 20 hours; a longer time would be over at once. */
const LONGEST_MILLISECONDS = 2_147_483_647

/** setTimeout for any time. */
export function longTimer(milliseconds: number, fire: () => void): { clear(): void } {
  let timer: NodeJS.Timeout
  const wait = (left: number) => {
    const now = Math.min(left, LONGEST_MILLISECONDS)
    timer = setTimeout(() => (left > now ? wait(left - now) : fire()), now)
  }
  wait(milliseconds)
  return { clear: () => clearTimeout(timer) }
}
