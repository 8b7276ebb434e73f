import { beforeAll, describe, expect, test } from 'vitest'
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

/** One of them, and two columns renamed crosswise, in every run of the tests. */
const FEW: readonly (readonly [kind: string, seed: number])[] = [
  ['cut', seedOf('cut', 'BuildIndexesFunction')],
  ['ddl', 25],
]

const OTHERS: readonly (readonly [kind: string, seed: number])[] = [
  ...inTheThick.filter(([kind]) => kind !== 'cut').map(([kind, step]) => [kind, seedOf(kind, step)] as const),
  // Two tables swapped by their names.
  ['ddl', 6],
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

describe('in every run', () => {
  migrationsUnder(FEW)
})

describe('in all tests', { tags: 'long' }, () => {
  migrationsUnder(OTHERS)
})

/** One test for each; they run side by side, whichever is waited for. */
function migrationsUnder(sample: typeof FEW): void {
  const results = new Map(sample.map(([kind, seed]) => [`${kind} ${seed}`, Promise.withResolvers<CaseResult>()]))
  let all: Promise<void>
  beforeAll(() => {
    const cases = sample.map(([kind, seed]) => (kind === 'ddl' ? readDdlCase(seed) : readCase(seed)))
    all = runCases(cases, {
      jobs: 3,
      tell: (result) => results.get(`${result.case.kind} ${result.case.seed}`)?.resolve(result),
    })
  })

  test.each(sample)(
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
}
