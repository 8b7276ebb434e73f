import { expect, test } from 'vitest'
import { FlightGauge } from '../../../lambdas/stages/copy/lane/flight-gauge.ts'

const paced = () => {
  const passed: number[] = []
  return { passed, gauge: new FlightGauge({ govern: () => {}, passed: (bytes) => passed.push(bytes) }) }
}

test('what is under way is told in the plan’s bytes, by what the flight before came to, and never as all of it', () => {
  const { passed, gauge } = paced()
  expect(gauge.underWay).toBeNull()
  gauge.begin([
    { relation: 1, bytes: 100 },
    { relation: 2, bytes: 900 },
  ])
  gauge.passed(250, 5)
  expect(gauge.underWay).toMatchObject({ relation: 2, bytes: 250, rows: 5 })
  gauge.passed(250, 5)
  gauge.landed()
  // The stream had half of the file's bytes.
  gauge.begin([{ relation: 1, bytes: 1000 }])
  gauge.passed(100, 1)
  expect(gauge.underWay).toMatchObject({ relation: 1, bytes: 200, rows: 1 })
  gauge.passed(900, 9)
  expect(gauge.underWay).toMatchObject({ bytes: 990, rows: 10 })
  expect(passed).toEqual([250, 250, 100, 900])
})

test('each flight has a higher number than the one before, with room for the word that it has landed', () => {
  const { gauge } = paced()
  const numbers = [1, 2, 3].map(() => {
    gauge.begin([{ relation: 1, bytes: 1 }])
    return gauge.number
  })
  expect((numbers[1] ?? 0) - (numbers[0] ?? 0)).toBeGreaterThan(1)
  expect((numbers[2] ?? 0) - (numbers[1] ?? 0)).toBeGreaterThan(1)
})
