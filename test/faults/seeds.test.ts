import { afterAll, beforeAll, expect, test } from 'vitest'
import { KINDS, readCase, STEPS } from './case.ts'
import { runCase } from './run-case.ts'
import { type Pair, startPair } from './servers.ts'

let pair: Pair
beforeAll(async () => {
  pair = await startPair()
})
afterAll(() => pair.stop())

test('every step meets every kind of fault within 126 seeds', () => {
  const met = Array.from({ length: STEPS.length * KINDS.length }, (_, seed) => {
    const { kind, step } = readCase(seed + 1)
    return `${kind} ${step}`
  })
  expect(new Set(met).size).toBe(STEPS.length * KINDS.length)
})

test('the same seed is the same case', () => {
  expect(readCase(52)).toEqual(readCase(52))
  expect(readCase(52)).not.toEqual({ ...readCase(52 + 126), seed: 52 })
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
