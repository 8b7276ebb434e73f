const MOST_NAMES = 10

/** At most ten names, and how many more there are. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ')
  return names.length <= MOST_NAMES ? shown : `${shown} and ${names.length - MOST_NAMES} more`
}
