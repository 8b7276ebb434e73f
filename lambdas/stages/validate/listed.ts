const MOST_NAMES = 10

/** At most ten names, and how many more there are. @param number of all, where not all are given */
export function listed(names: readonly string[], number = names.length): string {
  const shown = names.slice(0, MOST_NAMES)
  const more = number - shown.length
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
