/** Databases looked at at once: a rehearsal takes a second of the processor, and no check may wait for thirty. */
export const AT_ONCE = 8

/** No database is begun when less is left of the call; the next call goes on with it. */
const RESERVE_MILLISECONDS = 120_000

export interface Turning<Item> {
  /** @returns whether it had its turn: not where others of this run take its connections */
  readonly look: (item: Item, alone: boolean) => Promise<boolean>
  /** Waits until nothing but the turns of this run is connected. */
  readonly makeRoom: () => Promise<void>
  /** What is left of the call. @default as long as it takes */
  readonly remainingMilliseconds: (() => number) | undefined
}

/**
 * Some at once, and one less where one of them was refused: it comes again behind the others, and then alone.
 * @returns whether all had their turn
 */
export async function inTurns<Item>(
  items: readonly Item[],
  { look, makeRoom, remainingMilliseconds }: Turning<Item>,
): Promise<boolean> {
  const due = [...items]
  const refused: Item[] = []
  let begun = 0
  let broken = false
  const isLate = () =>
    begun > 0 && remainingMilliseconds !== undefined && remainingMilliseconds() < RESERVE_MILLISECONDS
  const next = (queue: Item[]): Item | undefined => {
    if (broken || isLate()) return undefined
    begun += 1
    return queue.shift()
  }
  let atOnce = Math.min(AT_ONCE, due.length)
  const again = new Set<Item>()
  const work = async () => {
    for (let item = next(due); item !== undefined; item = next(due)) {
      const beside = atOnce
      if (await look(item, false)) continue
      ;(again.has(item) ? refused : due).push(item)
      again.add(item)
      // One less for all that were refused beside each other: it may be enough.
      if (beside !== atOnce) continue
      atOnce -= 1
      return
    }
  }
  const workers = Array.from({ length: atOnce }, () =>
    work().catch((thrown: unknown) => {
      broken = true
      throw thrown
    }),
  )
  // None is left at work behind an error: its sessions would be nobody's.
  for (const ended of await Promise.allSettled(workers)) if (ended.status === 'rejected') throw ended.reason
  // What is still due was refused with nothing beside it, or the call's time is used up.
  const rest = [...refused, ...due]
  if (rest.length === 0 || isLate()) return rest.length === 0
  await makeRoom()
  for (let item = next(rest); item !== undefined; item = next(rest)) await look(item, true)
  return rest.length === 0
}
