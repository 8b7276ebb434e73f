import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { beginCount, countOn, type LaneCount } from '../../../../lambdas/stages/copy/pace/count-lanes.ts'

/** Counts from two lanes on until it holds. @returns the counts, one for each stretch of measuring */
function count(rateOf: (lanes: number) => number | null, most = 16): readonly LaneCount[] {
  const counts = [beginCount(Math.min(2, most))]
  for (;;) {
    const last = counts.at(-1)
    if (last === undefined || last.phase === 'hold') return counts
    expect(last.lanes).toBeGreaterThanOrEqual(1)
    expect(last.lanes).toBeLessThanOrEqual(most)
    expect(counts.length).toBeLessThan(20)
    counts.push(countOn(last, rateOf(last.lanes), most))
  }
}
const found = (rateOf: (lanes: number) => number | null, most?: number) => count(rateOf, most).at(-1)?.lanes

/** Every stream brings so much, all together no more than that. */
const link = (stream: number, all: number) => (lanes: number) => Math.min(lanes * stream, all)

describe('lanes are counted by what a stream brings', () => {
  it('streams of 10 MB/s on a way of 80 MB/s are eight', () => {
    expect(found(link(10, 80))).toBe(8)
    expect(found(link(10, 80), 64)).toBe(8)
  })

  it('where one stream fills the way, it is alone', () => {
    expect(found(link(100, 80))).toBe(1)
    expect(found(link(60, 80))).toBe(2)
  })

  it('a way that no number of lanes fills gets all that there may be', () => {
    expect(found(link(1, 1000))).toBe(16)
    expect(found(link(1, 1000), 3)).toBe(3)
    expect(found(link(1, 1000), 1)).toBe(1)
  })

  it('more lanes that bring less altogether are given back', () => {
    expect(found((lanes) => (lanes <= 4 ? lanes * 10 : 160 / lanes))).toBe(4)
  })

  it('a number that cannot be had is no number', () => {
    expect(found((lanes) => (lanes > 5 ? null : lanes * 10))).toBe(4)
    expect(found(() => null)).toBe(2)
  })

  it('of any way three quarters are used at least, by at most half as many lanes again as it takes, with measurements that are 3 % off', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.infiniteStream(fc.double({ min: 0.97, max: 1.03, noNaN: true })),
        (stream, all, off) => {
          const rateOf = link(stream, all)
          const lanes = found((number) => rateOf(number) * (off.next().value ?? 1)) ?? 0
          const useful = Math.min(16, Math.ceil(all / stream))
          expect(rateOf(lanes)).toBeGreaterThanOrEqual(rateOf(16) * 0.75)
          expect(lanes).toBeLessThanOrEqual(useful * 1.5 + 1)
        },
      ),
    )
  })

  it('what was found holds for ten minutes, and is looked for again then', () => {
    let state = count(link(10, 80)).at(-1) ?? beginCount(2)
    for (let stretch = 0; stretch < 60; stretch += 1) {
      state = countOn(state, 80, 16)
      expect(state).toMatchObject({ phase: 'hold', lanes: 8 })
    }
    // The way has become wider meanwhile.
    const again = countOn(state, 80, 16)
    expect(again).toMatchObject({ phase: 'climb', lanes: 16 })
    expect(countOn(again, 160, 16)).toMatchObject({ phase: 'narrow', lanes: 12 })
    // Or it has not.
    expect(countOn(again, 81, 16)).toMatchObject({ phase: 'narrow', lanes: 6 })
  })
})
