import { describe, expect, it } from 'vitest'
import type { DatabasePlan } from '../../cli/plan/database-plan.ts'
import { describeDrift } from '../../cli/plan/drift.ts'
import { estimateDatabase, estimateRun } from '../../cli/plan/estimate.ts'
import { spanText } from '../../cli/plan/estimate-text.ts'
import type { Measured } from '../../cli/plan/measure.ts'
import { moneyOf } from '../../cli/plan/money.ts'
import { chooseSamples } from '../../cli/plan/sample.ts'
import { withoutPasswords } from '../../cli/plan/without-passwords.ts'
import type { Relation } from '../../lambdas/core/ledger/relation.ts'
import type { PlannedStatement } from '../../lambdas/core/ledger/story/planned-statements.ts'
import { taskExample } from '../../lambdas/core/task/example.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import type { Task } from '../../lambdas/core/task/task.ts'

const MEGABYTE = 1_000_000

function relation(oid: number, bytes: number, change: { tree?: boolean } = {}): Relation {
  const end = {
    schema: 'public',
    name: `t${oid}`,
    columns: ['id'],
    where: null,
    digestSql: null,
    tree: change.tree ?? false,
  }
  return {
    ...{ oid, types: ['integer'], format: 'binary', hasKey: true, bytes, pages: Math.ceil(bytes / 8192), behind: [] },
    source: { ...end, side: 'source', expressions: [] },
    destination: { ...end, side: 'destination' },
  }
}

function plan(relations: readonly Relation[], statements: readonly Partial<PlannedStatement>[] = []): DatabasePlan {
  const whole = { verdict: 'migrate', blocked: false, stage: 'index', kind: 'INDEX', ...{} } as const
  return {
    ...{
      name: 'shop',
      as: 'shop',
      rows: new Map(),
      searchPath: 'pg_catalog',
      destinationSearchPath: 'pg_catalog',
      destinationVersion: 180000,
      sealed: false,
      relations,
    },
    statements: statements.map((one) => ({ ...whole, ...one }) as PlannedStatement),
  }
}

function measured(lanes: number, seconds: readonly number[]): Measured {
  const samples = seconds.map((copySeconds) => ({
    ...{ bytes: 4 * MEGABYTE, sent: 3 * MEGABYTE, copySeconds, indexSeconds: 0.1, compareSeconds: 0.2 },
  }))
  return { lanes, samples, problem: null, seconds: 1 }
}

function taskOf(change: object = {}): Task {
  const { task } = readTask({ ...taskExample, ...change })
  if (task === null) throw new Error('the example is wrong')
  return task
}

describe('the time of a run', () => {
  it('goes by bytes and lanes, between the fast and the slow half of the samples', () => {
    // 400 MB by 4 lanes, 1 s for 4 MB in the fast half, 2 s in the slow one: 25 and 50 s.
    const estimate = estimateDatabase(
      plan([relation(1, 400 * MEGABYTE)]),
      measured(4, [1, 1, 2, 2]),
      taskOf({ lanes: 4 }),
    )
    expect(estimate?.copy).toEqual({ low: expect.closeTo(25), high: expect.closeTo(50) })
    expect(estimate?.sent).toBeCloseTo(300 * MEGABYTE)
    expect(estimate?.compare).toEqual({ low: expect.closeTo(4), high: expect.closeTo(6.25) })
  })

  it('is never as narrow as equal samples would have it', () => {
    const estimate = estimateDatabase(plan([relation(1, 400 * MEGABYTE)]), measured(4, [1, 1]), taskOf({ lanes: 4 }))
    expect(estimate?.copy).toEqual({ low: expect.closeTo(20), high: expect.closeTo(31.25) })
  })

  it('with more lanes than were measured is between no gain and all of it', () => {
    const estimate = estimateDatabase(plan([relation(1, 400 * MEGABYTE)]), measured(4, [1, 1]), taskOf({ lanes: 16 }))
    expect(estimate?.copy).toEqual({ low: expect.closeTo(5), high: expect.closeTo(31.25) })
  })

  it('is not below what the limit allows, and an index of one table is built by one lane', () => {
    const task = taskOf({ lanes: 4, throttle: { megabytesPerSecond: 2 } })
    const estimate = estimateDatabase(
      plan([relation(1, 400 * MEGABYTE)], [{ bytes: 400 * MEGABYTE }, { bytes: 400 * MEGABYTE, verdict: 'skip' }]),
      measured(4, [1, 1]),
      task,
    )
    expect(estimate?.copy).toEqual({ low: 150, high: 150 })
    expect(estimate?.index).toEqual({ low: expect.closeTo(8), high: expect.closeTo(12.5) })
  })

  it('of several databases is between side by side and one after the other', () => {
    const one = estimateDatabase(plan([relation(1, 400 * MEGABYTE)]), measured(4, [1, 1]), taskOf({ lanes: 4 }))
    if (one === null) throw new Error('nothing was estimated')
    const { low, high } = one.total
    expect(estimateRun([one, one], 3)).toEqual({ low: expect.closeTo(3 + low), high: expect.closeTo(6 + 2 * high) })
    expect(estimateDatabase(plan([]), measured(0, []), taskOf())).toBeNull()
  })

  it.each([
    [{ low: 8.84, high: 26.05 }, '8.8 s to 27 s'],
    [{ low: 0.31, high: 0.31 }, '0.3 s to 0.4 s'],
    [{ low: 3725, high: 7391 }, '1 h 01 min to 2 h 03 min'],
  ])('%j is told as %s', (span, text) => {
    expect(spanText(span)).toBe(text)
  })
})

describe('the money of a run', () => {
  it('is egress by the price table, and all of docs/costs.md in the AWS account', () => {
    const none = { low: 0, high: 0 }
    const basis = { samples: 12, bytes: 48 * MEGABYTE, lanes: 4, bytesPerSecond: 40 * MEGABYTE }
    const time = { seconds: none, copy: none, index: none, compare: none, sent: 100 * 2 ** 30, basis }
    const money = moneyOf(time, taskOf())
    expect(money).toMatchObject({ gigabytes: 100, egress: expect.closeTo(9), fromAws: true })
    expect(money.deployed).toBeGreaterThan(19)
    expect(money.deployed).toBeLessThan(21)
  })
})

describe('samples', () => {
  it('are spread over all bytes, at several places of a large table, and are some tens of megabytes at most', () => {
    const relations = [relation(1, 100 * MEGABYTE), relation(2, 20_000 * MEGABYTE), relation(3, 0)]
    const samples = chooseSamples(relations)
    expect(samples).toHaveLength(12)
    expect(new Set(samples.map(({ relation: { oid } }) => oid))).toEqual(new Set([2]))
    expect(samples.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(50 * MEGABYTE)
    const [first, , last] = [samples[0], 0, samples.at(-1)].map((one) =>
      typeof one === 'object' ? Number(one.range.lower) : 0,
    )
    expect(last).toBeGreaterThan((first ?? 0) + 2_000_000)
    for (const { range } of samples) expect(Number(range.upper)).toBeLessThanOrEqual(relations[1]?.pages ?? 0)
  })

  it('take a small table whole and once, and no large one that has no pages of its own', () => {
    const samples = chooseSamples([relation(1, 7 * MEGABYTE), relation(2, 900 * MEGABYTE, { tree: true })])
    expect(samples).toMatchObject([{ range: { kind: 'whole' }, bytes: 7 * MEGABYTE }])
    expect(chooseSamples([relation(2, 900 * MEGABYTE, { tree: true })])).toEqual([])
  })
})

describe('statements without passwords', () => {
  it.each([
    [
      'USER MAPPING',
      `CREATE USER MAPPING FOR bob SERVER far OPTIONS (\n password E'it''s \\' x',\n "user" 'bob'\n);`,
      `CREATE USER MAPPING FOR bob SERVER far OPTIONS (\n password '***',\n "user" 'bob'\n);`,
    ],
    [
      'SERVER',
      `CREATE SERVER far FOREIGN DATA WRAPPER w OPTIONS (host 'h', "api-key" 'k', password_required 'p');`,
      `CREATE SERVER far FOREIGN DATA WRAPPER w OPTIONS (host 'h', "api-key" '***', password_required '***');`,
    ],
    [
      'SUBSCRIPTION',
      `CREATE SUBSCRIPTION s CONNECTION 'host=h password=p' PUBLICATION p;`,
      `CREATE SUBSCRIPTION s CONNECTION '***' PUBLICATION p;`,
    ],
    ['TABLE', `CREATE TABLE t (password text DEFAULT 'none')`, `CREATE TABLE t (password text DEFAULT 'none')`],
  ])('%s', (kind, sql, shown) => {
    expect(withoutPasswords(kind, sql)).toBe(shown)
  })
})

describe('drift', () => {
  it('names what is new, gone and different, ten of each', () => {
    const entry = (what: string, digest = '1') => ({ database: 'shop', what, digest })
    const before = [entry('table a'), entry('table b'), { database: null, what: 'databases', digest: '1' }]
    const now = [entry('table a', '2'), entry('table c'), { database: null, what: 'databases', digest: '2' }]
    expect(describeDrift(before, now)).toBe('new: table c; gone: table b; different: table a, databases of the task')
    expect(describeDrift(before, before)).toBe('')
    const many = Array.from({ length: 12 }, (_, index) => entry(`table ${index}`))
    expect(describeDrift([], many)).toMatch(/table 9 and 2 more$/)
  })
})
