/** The same row of choices for the same seed. */
export interface Choices {
  /** A whole number; both ends may come. */
  between(low: number, high: number): number
  /** A whole number; small ones are as likely as large ones of the same number of digits. */
  logarithmic(low: number, high: number): number
  yes(): boolean
  pick<Item>(items: readonly Item[]): Item
}

export function choicesOf(seed: number): Choices {
  const random = randomOf(seed)
  const between = (low: number, high: number) => Math.floor(low + random() * (high - low + 1))
  return {
    between,
    logarithmic: (low, high) => Math.round(low * (high / low) ** random()),
    yes: () => random() < 0.5,
    pick: <Item>(items: readonly Item[]): Item => items[between(0, items.length - 1)] as Item,
  }
}

/** A number in [0, 1) (mulberry32). */
function randomOf(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
