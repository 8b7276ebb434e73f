import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LaneControl, mayWork, share } from '../../../lambdas/core/ledger/lane-control.ts'
import { NO_LIMITS } from '../../../lambdas/core/ledger/limits.ts'
import { Pace } from '../../../lambdas/stages/copy/pace/pace.ts'
import { Throttle } from '../../../lambdas/stages/copy/pace/throttle.ts'

const NONE = { rowsPerSecond: null, bytesPerSecond: null, queriesPerSecond: null }
const NOBODY: LaneControl = { ...NO_LIMITS, active: [], atWork: 0 }

test('whatever arrives in whatever pieces, a lane that keeps the pauses stays within 10 % of its rate', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1000, max: 50_000_000 }),
      fc.array(fc.integer({ min: 1, max: 65_536 }), { minLength: 5, maxLength: 50 }),
      (rate, pieces) => {
        let now = 0
        const throttle = new Throttle(() => now)
        throttle.setRates({ ...NONE, bytesPerSecond: rate })
        let bytes = 0
        // Five seconds of a source that is as fast as it is let.
        for (let turn = 0; now < 5000; turn += 1) {
          const piece = Math.min(pieces[turn % pieces.length] ?? 1, rate / 10)
          bytes += piece
          now += throttle.spend({ bytes: piece })
          now += 0.0001
        }
        expect(bytes / (now / 1000)).toBeLessThan(rate * 1.1)
        expect(bytes / (now / 1000)).toBeGreaterThan(rate * 0.9)
      },
    ),
    { numRuns: 20 },
  )
})

test('without limits nothing waits', () => {
  expect(new Throttle(() => 0).spend({ bytes: 10 ** 12, rows: 10 ** 9, queries: 10 ** 6 })).toBe(0)
})

test('a lowered limit is felt by the debt that is open', () => {
  const throttle = new Throttle(() => 0)
  throttle.setRates({ ...NONE, rowsPerSecond: 1000 })
  expect(throttle.spend({ rows: 1000 })).toBe(1000)
  throttle.setRates({ ...NONE, rowsPerSecond: 100 })
  expect(throttle.spend({})).toBe(10_000)
})

test('of many lanes the lowest work, and another steps in where one has ended', () => {
  const control = { ...NOBODY, lanes: 2, active: [0, 1, 2, 5], atWork: 2 }
  expect([0, 1, 2, 5].map((lane) => mayWork(lane, control))).toEqual([true, true, false, false])
  expect(mayWork(5, { ...control, active: [1, 5] })).toBe(true)
  expect(share(control)).toBe(0.5)
  expect(share({ ...control, active: [7], atWork: 1 })).toBe(1)
  // Eight lanes of four databases share what the task allows.
  expect(share({ ...control, atWork: 8 })).toBe(1 / 8)
})

test('a lane above the limit steps in when it is wanted at two looks: one below it may only be about to begin', () => {
  const pace = new Pace(2)
  const looks = [[0], [0, 1], [0], [0]].map((active) => {
    pace.apply({ ...NOBODY, lanes: 2, active })
    return pace.mayWork
  })
  expect(looks).toEqual([false, false, false, true])
  pace.apply({ ...NOBODY, lanes: 3, active: [0, 1] })
  expect(pace.mayWork).toBe(true)
})
