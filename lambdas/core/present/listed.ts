const MOST_NAMES = 10

interface Listing {
  /** How many names are given. @default 10 */
  readonly most?: number
  /** Of how many, where not all of them are given. @default as many as there are names */
  readonly of?: number
  /** @default ', ' */
  readonly between?: string
}

/** The first names, and how many more there are: `a, b and 3 more`, `a: x; b: y; and 3 more`. */
export function listed(
  names: readonly string[],
  { most = MOST_NAMES, of = names.length, between = ', ' }: Listing = {},
): string {
  const shown = names.slice(0, most)
  const more = of - shown.length
  const end = between === ', ' ? ' ' : between
  return `${shown.join(between)}${more > 0 ? `${end}and ${more} more` : ''}`
}
