import fc from 'fast-check'
import { expect, test } from 'vitest'
import { flightSize, nextFlight } from '../../../lambdas/stages/copy/lane/flight-size.ts'

const relations = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 10_000_000_000 }) }), { maxLength: 2_000 })

test('a flight is between 8 and 256 MB and 16 and 256 chunks, whatever there is to copy', () => {
  fc.assert(
    fc.property(relations, fc.integer({ min: 1, max: 64 }), (all, lanes) => {
      const { bytes, count } = flightSize(all, lanes)
      expect(bytes).toBeGreaterThanOrEqual(8_000_000)
      expect(bytes).toBeLessThanOrEqual(256_000_000)
      expect(count).toBeGreaterThanOrEqual(16)
      expect(count).toBeLessThanOrEqual(256)
    }),
  )
})

test('one lane takes as much as a flight may', () => {
  expect(flightSize([{ bytes: 160_000_000 }], 1)).toEqual({ bytes: 256_000_000, count: 256 })
})

test('of several lanes each has four flights by bytes and two by number', () => {
  expect(flightSize([{ bytes: 160_000_000 }], 2)).toEqual({ bytes: 20_000_000, count: 16 })
  expect(
    flightSize(
      Array.from({ length: 400 }, () => ({ bytes: 1_000 })),
      2,
    ),
  ).toEqual({ bytes: 8_000_000, count: 100 })
})

test('a flight takes twenty seconds at most at the speed of the one before, and is as large as it may be where that is not known', () => {
  const size = flightSize([{ bytes: 1_000_000_000 }], 1)
  expect(nextFlight(size, null).bytes).toBe(256_000_000)
  expect(nextFlight(size, 1_000).bytes).toBe(8_000_000)
  expect(nextFlight(size, 1_000_000).bytes).toBe(20_000_000)
  expect(nextFlight(size, 50_000_000).bytes).toBe(256_000_000)
})
