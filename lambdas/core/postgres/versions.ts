/** "9.6", "15": what counts as a major version. */
export function majorOf(serverVersion: number): string {
  const first = Math.floor(serverVersion / 10_000)
  return first >= 10 ? String(first) : `${first}.${Math.floor(serverVersion / 100) % 100}`
}

/** The major version as a number that can be compared: 906 for 9.6, 1500 for 15. */
export function majorNumber(serverVersion: number): number {
  const first = Math.floor(serverVersion / 10_000)
  return first >= 10 ? first * 100 : Math.floor(serverVersion / 100)
}
