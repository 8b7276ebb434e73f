import { afterAll, beforeAll, expect, test } from 'vitest'
import { PAIRS, readCase } from './case.ts'
import { runCase } from './run-case.ts'
import { type Pair, startPair } from './servers.ts'

let pair: Pair
beforeAll(async () => {
  pair = await startPair()
})
afterAll(() => pair.stop())

test('every kind of fault meets every step that can meet it, once in as many seeds', () => {
  const met = PAIRS.map((_, seed) => {
    const { kind, step } = readCase(seed + 1)
    return `${kind} ${step}`
  })
  expect(new Set(met).size).toBe(PAIRS.length)
})

test('the same seed is the same case', () => {
  expect(readCase(52)).toEqual(readCase(52))
  expect(readCase(52)).not.toEqual({ ...readCase(52 + PAIRS.length), seed: 52 })
})

// Of the many that `npm run faults` runs, one of each kind in the thick of it; failovers are in errors.test.ts.
test.each([
  ['kill', 78],
  ['cut', 28],
  ['duplicate', 33],
  ['time-out', 15],
  ['restart', 36],
] as const)(
  'a migration to which "%s" is done (seed %i) ends with equal data',
  async (kind, seed) => {
    const fault = readCase(seed)
    expect(fault.kind).toBe(kind)
    const result = await runCase(fault, pair)
    expect(result.problems, result.done).toEqual([])
    expect(result.hit).toBe(true)
  },
  60_000,
)
