import { beforeAll, expect, test } from 'vitest'
import { PAIRS, readCase, readDdlCase } from './case.ts'
import type { CaseResult } from './run-case.ts'
import { runCases } from './run-cases.ts'

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

/** Of the many that `npm run faults` runs, one of each kind in the thick of it. A step more changes all seeds: looked up here. */
const inTheThick = [
  ['source-failover', 'BuildIndexesFunction'],
  ['destination-failover', 'BuildIndexesFunction'],
  ['kill', 'CreateObjectsFunction'],
  ['cut', 'BuildIndexesFunction'],
  ['duplicate', 'SummariseCopyFunction'],
  ['time-out', 'CopyLaneFunction'],
  ['source-restart', 'BuildIndexesFunction'],
  ['destination-restart', 'CopyLaneFunction'],
  ['crowd', 'PlanObjectsFunction'],
  ['session', 'KeepSnapshotFunction'],
  ['two', 'AnalyzeFunction'],
] as const

const SAMPLE: readonly (readonly [kind: string, seed: number])[] = [
  ...inTheThick.map(([kind, step]) => [kind, seedOf(kind, step)] as const),
  // Two tables swapped by their names, and columns renamed crosswise.
  ['ddl', 6],
  ['ddl', 25],
]

/** The first seed of the pair. */
function seedOf(kind: string, step: string): number {
  const at = PAIRS.findIndex((_, index) => {
    const one = readCase(index + 1)
    return one.kind === kind && one.step === step
  })
  if (at < 0) throw new Error(`no seed does ${kind} to ${step}`)
  return at + 1
}

const results = new Map(SAMPLE.map(([kind, seed]) => [`${kind} ${seed}`, Promise.withResolvers<CaseResult>()]))
let all: Promise<void>
beforeAll(() => {
  const cases = SAMPLE.map(([kind, seed]) => (kind === 'ddl' ? readDdlCase(seed) : readCase(seed)))
  all = runCases(cases, {
    jobs: 3,
    tell: (result) => results.get(`${result.case.kind} ${result.case.seed}`)?.resolve(result),
  })
})

test.each(SAMPLE)(
  'a migration to which "%s" is done (seed %i) ends with equal data',
  async (kind, seed) => {
    const result = await results.get(`${kind} ${seed}`)?.promise
    expect(result?.case.kind).toBe(kind)
    expect(result?.problems, result?.done).toEqual([])
    expect(result?.hit).toBe(true)
  },
  180_000,
)

test('all of them have been run', () => all, 60_000)
