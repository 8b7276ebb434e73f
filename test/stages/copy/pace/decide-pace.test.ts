import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decidePace,
  FULL_PACE,
  type PaceState,
  type Reading,
  SLOWEST,
} from '../../../../lambdas/stages/copy/pace/decide-pace.ts'

const latency = (value: number): Reading => ({ what: 'latency', value, target: 20, fresh: true })
const cpu = (value: number, fresh = true): Reading => ({ what: 'CPU', value, target: 60, fresh })

function settled(state: PaceState, looks: readonly (readonly (Reading | null)[])[]): PaceState {
  return looks.reduce<PaceState>((at, readings) => decidePace(at, readings), state)
}

/** A source whose answers take longer the less of it is left; `others` is what its other clients take of it, 0 to 1. */
function simulate(looks: number, others: (look: number) => number, copy = 0.8): readonly PaceState[] {
  const states: PaceState[] = []
  let state = FULL_PACE
  for (let look = 0; look < looks; look += 1) {
    const left = Math.max(0.02, 1 - others(look) - copy * state.pace)
    state = decidePace(state, [latency(2 / left)])
    states.push(state)
  }
  return states
}

describe('the pace', () => {
  it('never leaves its range, whatever is read', () => {
    const reading = fc.option(
      fc.record({
        what: fc.constantFrom('latency' as const, 'CPU' as const),
        value: fc.double({ min: 0, max: 1e6, noNaN: true }),
        target: fc.double({ min: 0.1, max: 1000, noNaN: true }),
        fresh: fc.boolean(),
      }),
    )
    fc.assert(
      fc.property(fc.array(fc.array(reading, { minLength: 1, maxLength: 2 })), (looks) => {
        let state: PaceState = FULL_PACE
        for (const readings of looks) {
          const next = decidePace(state, readings)
          expect(next.pace).toBeGreaterThanOrEqual(SLOWEST)
          expect(next.pace).toBeLessThanOrEqual(1)
          const over = readings.some((one) => one?.fresh && one.value > one.target)
          if (over) expect(next.pace).toBeLessThanOrEqual(state.pace)
          // What is missing, old or above its target is no room.
          if (over || readings.some((one) => !one?.fresh)) expect(next.pace).toBeLessThanOrEqual(state.pace)
          state = next
        }
      }),
    )
  })

  it('falls at once, by how far the source is above its target, and not by more than half', () => {
    expect(decidePace(FULL_PACE, [latency(25)]).pace).toBe(0.8)
    expect(decidePace(FULL_PACE, [latency(20.1)]).pace).toBe(0.9)
    expect(decidePace(FULL_PACE, [latency(500)]).pace).toBe(0.5)
    expect(settled(FULL_PACE, Array(20).fill([latency(500)])).pace).toBe(SLOWEST)
  })

  it('stands between room and target, and while nothing is known', () => {
    const low = { ...FULL_PACE, pace: 0.4 }
    expect(settled(low, Array(10).fill([latency(18)])).pace).toBe(0.4)
    expect(settled(low, Array(10).fill([null])).pace).toBe(0.4)
    expect(settled(low, Array(10).fill([latency(5), null])).pace).toBe(0.4)
    expect(settled(low, Array(10).fill([latency(5), cpu(30, false)])).pace).toBe(0.4)
    expect(decidePace(low, [latency(40), null]).pace).toBe(0.2)
  })

  it('rises by steps that grow as long as the source stays calm, from the floor to full within 20 seconds', () => {
    const looks = Array(10).fill([latency(5)])
    expect(settled({ ...FULL_PACE, pace: SLOWEST }, looks.slice(0, 1)).pace).toBe(SLOWEST)
    expect(settled({ ...FULL_PACE, pace: SLOWEST }, looks.slice(0, 2)).pace).toBe(0.1)
    expect(settled({ ...FULL_PACE, pace: SLOWEST }, looks).pace).toBe(1)
  })

  it('says what it was decided by', () => {
    expect(decidePace(FULL_PACE, [latency(48.2), cpu(55.4)]).reason).toBe(
      'latency of the source 48 ms, target 20 ms, CPU of the source 55 %, target 60 %',
    )
    expect(decidePace(FULL_PACE, [null]).reason).toBe('the source could not be measured')
  })
})

describe('a source with other clients', () => {
  it('is held at its target, most of the time below it', () => {
    // With others at 0.5, a pace of 0.5 is where the target is.
    const paces = simulate(400, () => 0.5)
      .slice(50)
      .map(({ pace }) => pace)
    const above = paces.filter((pace) => 2 / (1 - 0.5 - 0.8 * pace) > 20).length
    const mean = paces.reduce((sum, pace) => sum + pace, 0) / paces.length
    expect(above / paces.length).toBeLessThan(0.1)
    expect(mean).toBeGreaterThan(0.35)
    expect(mean).toBeLessThan(0.5)
  })

  it('gets its share back as soon as it wants it, and the copy its own afterwards', () => {
    const states = simulate(100, (look) => (look >= 20 && look < 50 ? 0.95 : 0))
    expect(states[19]?.pace).toBe(1)
    expect(states[26]?.pace).toBeLessThan(0.1)
    expect(states[49]?.pace).toBe(SLOWEST)
    expect(states[62]?.pace).toBe(1)
  })
})
