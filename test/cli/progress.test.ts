import { describe, expect, it } from 'vitest'
import { eventSchema } from '../../cli/progress/events.ts'
import { jsonDisplay } from '../../cli/progress/json.ts'
import { copyLines, databaseLines } from '../../cli/progress/lines.ts'
import { ProgressModel } from '../../cli/progress/model.ts'
import { plainDisplay } from '../../cli/progress/plain.ts'
import { Rate } from '../../cli/progress/rate.ts'
import { FOLLOWS } from '../../cli/progress/stages.ts'
import type { Progress } from '../../lambdas/core/ledger/story/progress.ts'
import { done, failed } from '../../lambdas/core/runtime/verdict.ts'
import { FAILURE } from '../local/handlers.ts'

const COUNTS: Progress = {
  objects: 100,
  objectsDone: 40,
  chunks: 10,
  chunksDone: 1,
  rows: 5000,
  bytes: 100_000_000,
  bytesDone: 10_000_000,
  bytesMoving: 0,
  rowsMoving: 0,
  parts: 0,
  partsDone: 0,
  indexes: 8,
  indexesDone: 2,
  pace: 1,
  paceReason: null,
  paused: false,
  limits: null,
  statements: [],
  followed: null,
}

const RUN = { name: 'shop-move', execution: 'shop-move-1', mode: 'migrate' }

function setUp(databases: readonly string[] = ['shop']) {
  let now = 0
  const model = new ProgressModel(databases, () => now)
  const pass = (milliseconds: number) => {
    now += milliseconds
  }
  const step = (name: string, database: string | null = null, answer = done()) => {
    model.called({ name, database })
    pass(1000)
    model.answered({ name, database }, answer)
  }
  const states = (database: string | null) =>
    Object.fromEntries(
      model.views().flatMap((view) => (view.database === database ? [[view.stage.id, view.state]] : [])),
    )
  return { model, pass, step, states }
}

describe('what is told in lines', () => {
  const tables = Array.from({ length: 7 }, (_, number) => ({
    name: `public.a_name_that_is_longer_than_a_terminal_has_room_for_${number}`,
    ...{ bytes: 1_000_000_000, bytesDone: number * 100_000_000, bytesMoving: 0 },
  }))

  it('beneath a copy: how far all of it is, and the five tables that take longest, on 80 columns', () => {
    const { model, pass } = setUp()
    model.counted('shop', COUNTS)
    model.moving('shop', tables, null)
    pass(1000)
    model.moving(
      'shop',
      tables.map((table) => ({ ...table, bytesMoving: 50_000_000 })),
      [],
    )
    model.counted('shop', { ...COUNTS, bytesMoving: 35_000_000 })
    const lines = copyLines(model, 'shop', 80)
    expect(lines[0]).toBe('█████████░░░░░░░░░░░  45 %')
    expect(lines).toHaveLength(6)
    expect(lines[1]).toMatch(/^ {2}5 % {2}1\.00 GB {2}50\.0 MB\/s {2}19 s left {10}…\w+_room_for_0$/)
    expect(lines.map((line) => line.length <= 80 - 8)).not.toContain(false)
  })

  it('names that a terminal would obey are written out, and none begins a line of its own', () => {
    const name = 'sh\x1b[2Jop\n12:00:00  all tables compared equal'
    const { model, pass, step } = setUp([name, 'other'])
    const lines: string[] = []
    const display = plainDisplay(model, (line) => lines.push(line))
    model.warned(name, [{ number: 1, code: 'TABLE_LOST', message: `${name} is gone` }])
    model.called({ name: 'CopyLaneFunction', database: name })
    model.counted(name, COUNTS)
    model.moving(name, [{ ...tables[0], name, bytes: 1, bytesDone: 0, bytesMoving: 0 }], [])
    lines.push(...copyLines(model, name).map((line) => `${line}\n`))
    step('CreateObjectsFunction', name, failed({ ...FAILURE, message: name }))
    pass(1000)
    lines.push(...databaseLines(model, 6).map((line) => `${line}\n`))
    display.end()
    expect(lines.length).toBeGreaterThan(6)
    expect(lines.filter((line) => !/^[^\p{Cc}]+\n$/u.test(line))).toEqual([])
  })

  it('a line for each database, those at work first, and one for all that there is no room for', () => {
    const names = Array.from({ length: 2000 }, (_, number) => `db${number}`)
    const { model, pass, step } = setUp(names)
    step('PlanObjectsFunction', 'db7')
    model.called({ name: 'CopyLaneFunction', database: 'db9' })
    model.counted('db9', COUNTS)
    pass(1000)
    model.counted('db9', { ...COUNTS, bytesMoving: 10_000_000 })
    step('SealFunction', 'db3')
    step('CreateObjectsFunction', 'db5', failed(FAILURE))
    const lines = databaseLines(model, 6)
    expect(lines).toHaveLength(6)
    expect(lines[0]).toMatch(/^db5 +✖ Create types, functions, tables, views: COPY_FAILED/)
    expect(lines).toContain('db9  ██░░░░░░░░  20 % of 100 MB, 10.0 MB/s, 7–9 s left')
    expect(lines.at(-1)).toBe('and 1995 more: 1995 waiting')
    expect(lines.some((line) => /^db3 +✔ done$/.test(line))).toBe(true)
  })

  it('a source that is followed is a stage of its own, with how far behind it is', () => {
    const model = new ProgressModel(['shop'], () => 0, 'follow')
    const database = 'shop'
    model.counted(database, {
      ...COUNTS,
      followed: { changes: 12_345, behind: 2_000_000, retained: 50_000_000, arrived: false },
    })
    // Called before the copy, too: that is no following yet.
    for (const name of ['CreateObjectsFunction', 'CopyLaneFunction', 'BuildIndexesFunction'])
      model.called({ name, database })
    expect(databaseLines(model, 6)[0]).toContain('of 100 MB')
    model.called({ name: FOLLOWS, database })
    const line = 'Follow the source  12,345 changes applied, 2.00 MB of WAL behind, the source keeps 50.0 MB'
    expect(databaseLines(model, 6)[0]).toContain(line)
    model.called({ name: 'LinkObjectsFunction', database })
    const ended = model.views().find(({ stage }) => stage.id === 'follow')
    expect(ended).toMatchObject({ state: 'done', detail: '12,345 changes applied' })
    expect(
      setUp()
        .model.views()
        .some(({ stage }) => stage.id === 'follow'),
    ).toBe(false)
  })

  it('an attempt that is waited for is counted down, with what ends the wait', () => {
    const { model, pass, step } = setUp()
    step('OpenAccessFunction', null, { ...failed(FAILURE), verdict: 'retry', pause: 8 })
    const view = () => model.views().find(({ stage }) => stage.id === 'open')
    pass(5000)
    expect(view()).toMatchObject({ detail: 'again in 3.0 s: COPY_FAILED: the disk is full', remedy: FAILURE.remedy })
    pass(5000)
    expect(view()?.detail).toMatch(/^again now: /)
    step('OpenAccessFunction')
    expect(view()).toMatchObject({ detail: '', remedy: null })
  })
})

describe('the progress of a run', () => {
  it('tells each warning of the ledger once, as text and as JSON', () => {
    const { model } = setUp()
    const lines: string[] = []
    const displays = [
      plainDisplay(model, (line) => lines.push(line)),
      jsonDisplay(model, RUN, (line) => lines.push(line)),
    ]
    model.warned('shop', [{ number: 7, code: 'RUN_JOINED', message: 'another start is at work' }])
    model.warned('shop', [])
    expect(lines).toEqual([
      expect.stringContaining('"type":"run"'),
      expect.stringMatching(/ {2}shop: RUN_JOINED: another start is at work\n$/),
      expect.stringMatching(/"type":"warning","database":"shop","text":"RUN_JOINED: another start is at work"}\n$/),
    ])
    for (const display of displays) display.end()
  })

  it('follows the stages: one has ended when a later one begins', () => {
    const { step, states, model } = setUp()
    for (const name of ['ReadTask', 'OpenAccess', 'Precheck']) step(`${name}Function`)
    expect(states(null)).toMatchObject({ read: 'done', open: 'done', precheck: 'active', databases: 'waiting' })
    for (const name of ['PlanObjects', 'PlanCopy', 'CreateObjects', 'CopyLane']) step(`${name}Function`, 'shop')
    expect(states(null)).toMatchObject({ precheck: 'done', databases: 'active' })
    expect(states('shop')).toMatchObject({ plan: 'done', create: 'done', copy: 'active', index: 'waiting' })
    step('SealFunction', 'shop')
    step('ReportFunction')
    step('CloseAccessFunction')
    model.finish()
    expect(states('shop')).toMatchObject({ copy: 'done', seal: 'done', index: 'skipped' })
    expect(states(null)).toMatchObject({ databases: 'done', report: 'done', close: 'done' })
  })

  it('shows speed and the time left while rows are copied', () => {
    const { model, pass } = setUp()
    model.called({ name: 'CopyLaneFunction', database: 'shop' })
    model.counted('shop', COUNTS)
    pass(1000)
    model.counted('shop', { ...COUNTS, bytesDone: 20_000_000 })
    const copy = model.views().find((view) => view.stage.id === 'copy')
    expect(copy?.detail).toBe('5,000 rows, 20.0 MB of 100 MB (20 %), 10.0 MB/s, 7–9 s left')
    model.counted('shop', { ...COUNTS, bytesDone: 20_000_000, pace: 0.35, paceReason: 'latency of the source 48 ms' })
    expect(model.views().find((view) => view.stage.id === 'copy')?.detail).toContain(
      ' left, held at 35 % (latency of the source 48 ms)',
    )
  })

  it('says how many bytes there are when the tables are cut, not before', () => {
    const { step, model } = setUp()
    step('PlanObjectsFunction', 'shop')
    const plan = () => model.views().find((view) => view.stage.id === 'plan')?.detail
    model.counted('shop', { ...COUNTS, chunks: 0, bytes: 0 })
    expect(plan()).toMatch(/^[\d,]+ objects?$/)
    model.counted('shop', COUNTS)
    expect(plan()).toMatch(/ objects?, 100 MB$/)
  })

  it('keeps one database’s failure from the others', () => {
    const { step, states } = setUp(['shop', 'stock'])
    step('CreateObjectsFunction', 'shop', failed(FAILURE))
    step('CreateObjectsFunction', 'stock')
    expect(states('shop')).toMatchObject({ create: 'failed', copy: 'skipped', seal: 'skipped' })
    expect(states('stock')).toMatchObject({ create: 'active', copy: 'waiting' })
    step('ReportFunction')
    expect(states(null)).toMatchObject({ databases: 'failed' })
  })

  it('does not call a stage failed before all of its lanes are judged', () => {
    const { step, states } = setUp()
    step('CopyLaneFunction', 'shop', failed(FAILURE))
    expect(states('shop')).toMatchObject({ copy: 'active' })
    step('SummariseCopyFunction', 'shop', failed(FAILURE))
    expect(states('shop')).toMatchObject({ copy: 'failed', index: 'skipped' })
  })

  it('says what a step waits for, until it goes on', () => {
    const { step, model } = setUp()
    const detail = () => model.views().find((view) => view.stage.id === 'open')?.detail
    step('OpenAccessFunction', null, { ...failed(FAILURE), verdict: 'retry', pause: 8 })
    expect(detail()).toBe('again in 8.0 s: COPY_FAILED: the disk is full')
    step('OpenAccessFunction')
    expect(detail()).toBe('')
  })

  it('of a stopped run shows how it is ended', () => {
    const { step, states, model } = setUp()
    step('OpenAccessFunction')
    step('CopyLaneFunction', 'shop')
    model.stop()
    expect(states('shop')).toMatchObject({ copy: 'failed', index: 'skipped' })
    expect(states(null)).toMatchObject({ databases: 'failed', report: 'waiting' })
    step('ReportFunction')
    step('CloseAccessFunction')
    const close = model.views().find((view) => view.stage.id === 'close')
    expect(close).toMatchObject({ state: 'done', milliseconds: 1000 })
  })

  it('goes to a pipe as lines, each stage once', () => {
    const { step, model } = setUp()
    const lines: string[] = []
    plainDisplay(model, (line) => lines.push(line.replace(/^\S+ {2}/, '')))
    step('ReadTaskFunction')
    step('OpenAccessFunction')
    step('CreateObjectsFunction', 'shop')
    step('CopyLaneFunction', 'shop', failed(FAILURE))
    step('SummariseCopyFunction', 'shop', failed(FAILURE))
    model.finish()
    expect(lines).toEqual([
      'Read the task (1.0 s)\n',
      'Open access (1.0 s)\n',
      'Migrate …\n',
      'shop: Create types, functions, tables, views (1.0 s)\n',
      'shop: Copy rows …\n',
      'shop: Copy rows FAILED: COPY_FAILED: the disk is full\n',
    ])
  })

  it('tells a program of each attempt that is waited for, once, and when what it waited for has come', () => {
    const { step, model } = setUp()
    const lines: Record<string, unknown>[] = []
    jsonDisplay(model, RUN, (line) => lines.push(JSON.parse(line)))
    const again = { ...failed(FAILURE), verdict: 'retry', pause: 8 } as const
    step('CopyLaneFunction', 'shop', again)
    model.counted('shop', COUNTS)
    step('CopyLaneFunction', 'shop', again)
    step('CopyLaneFunction', 'shop')
    const told = lines.filter(({ type }) => type === 'retry' || type === 'recovered')
    const { code, message, remedy } = FAILURE
    const retry = { type: 'retry', database: 'shop', stage: 'copy', code, message, remedy }
    expect(told).toEqual([
      { ...retry, at: expect.any(String), again: expect.any(String) },
      { ...retry, at: expect.any(String), again: expect.any(String) },
      { type: 'recovered', at: expect.any(String), database: 'shop', stage: 'copy' },
    ])
  })

  it('goes to a program as one JSON object per line', async () => {
    const { step, model } = setUp()
    const lines: Record<string, unknown>[] = []
    const display = jsonDisplay(model, RUN, (line) => lines.push(JSON.parse(line)))
    step('ReadTaskFunction')
    model.counted('shop', COUNTS)
    model.finish()
    await display.end()
    expect(lines).toContainEqual(
      expect.objectContaining({ type: 'stage', stage: 'read', state: 'active', database: null }),
    )
    expect(lines).toContainEqual(
      expect.objectContaining({ type: 'stage', stage: 'read', state: 'done', milliseconds: 1000 }),
    )
    expect(lines).toContainEqual(expect.objectContaining({ type: 'counts', database: 'shop', rows: 5000 }))
    for (const line of lines) expect(eventSchema.parse(line)).toEqual(line)
  })
})

describe('a rate', () => {
  it('forgets what was long ago, and knows a slow one', () => {
    const rate = new Rate()
    rate.add(0, 0)
    rate.add(1000, 1000)
    expect(rate.perSecond()).toBe(1000)
    for (let second = 2; second < 60; second++) rate.add(1000, second * 1000)
    expect(rate.perSecond()).toBe(0)
    rate.add(4000, 120_000)
    expect(rate.perSecond()).toBeCloseTo(3000 / 61)
  })
})
