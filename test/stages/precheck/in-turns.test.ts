import { expect, test } from 'vitest'
import { AT_ONCE, inTurns } from '../../../lambdas/stages/precheck/in-turns.ts'

/** Looks at so many items, each for a turn of the event loop, and tells of all looks. */
function looks(count: number, isRefused: (item: number, beside: number) => boolean) {
  const told: { readonly item: number; readonly alone: boolean; readonly beside: number }[] = []
  let beside = 0
  const look = async (item: number, alone: boolean) => {
    told.push({ item, alone, beside })
    beside += 1
    const refused = !alone && isRefused(item, beside)
    await new Promise((resolve) => setImmediate(resolve))
    beside -= 1
    return !refused
  }
  const makeRoom = async () => {
    told.push({ item: -1, alone: true, beside })
  }
  return { told, look, makeRoom, items: Array.from({ length: count }, (_, item) => item) }
}

const forever = { remainingMilliseconds: undefined }

test('eight have their turn at once, and each has it once', async () => {
  const { told, items, look, makeRoom } = looks(40, () => false)
  expect(await inTurns(items, { look, makeRoom, ...forever })).toBe(true)
  expect(told.map(({ item }) => item)).toEqual(items)
  expect(Math.max(...told.map(({ beside }) => beside + 1))).toBe(AT_ONCE)
})

test('one that is refused for itself does not hold up the others: it comes again behind them, and then alone', async () => {
  const { told, items, look, makeRoom } = looks(40, (item) => item === 3)
  expect(await inTurns(items, { look, makeRoom, ...forever })).toBe(true)
  expect(told.filter(({ item }) => item === 3)).toHaveLength(3)
  expect(told.slice(-2)).toEqual([
    { item: -1, alone: true, beside: 0 },
    { item: 3, alone: true, beside: 0 },
  ])
  expect(told.filter(({ beside }) => beside === AT_ONCE - 2).length).toBeGreaterThan(20)
})

test('where only three fit there are three at once, and none is left out', async () => {
  const { told, items, look, makeRoom } = looks(40, (_, beside) => beside > 3)
  expect(await inTurns(items, { look, makeRoom, ...forever })).toBe(true)
  expect(new Set(told.map(({ item }) => item))).toEqual(new Set(items))
  // From when on there are three, none is refused.
  expect(told.filter(({ beside }) => beside === 2).length).toBeGreaterThan(20)
  expect(told.filter(({ alone }) => alone)).toHaveLength(0)
})

test('where none fits beside anything, all are looked at alone', async () => {
  const { told, items, look, makeRoom } = looks(20, () => true)
  expect(await inTurns(items, { look, makeRoom, ...forever })).toBe(true)
  expect(told.filter(({ alone, item }) => alone && item >= 0)).toHaveLength(20)
})

test('an error waits for those that are at work, and none is begun behind it', async () => {
  const { told, items, look, makeRoom } = looks(40, () => false)
  let ended = 0
  const failing = async (item: number, alone: boolean) => {
    if (item === 2) throw new Error('the connection is lost')
    await look(item, alone)
    ended += 1
    return true
  }
  await expect(inTurns(items, { look: failing, makeRoom, ...forever })).rejects.toThrow('the connection is lost')
  expect(ended).toBe(told.length)
  expect(ended).toBeLessThan(AT_ONCE)
})

test('little time left: one is begun, and the rest is for the next call', async () => {
  const { told, items, look, makeRoom } = looks(40, () => false)
  expect(await inTurns(items, { look, makeRoom, remainingMilliseconds: () => 100_000 })).toBe(false)
  expect(told).toHaveLength(1)
})
