import { expect, test } from 'vitest'
import type { ProgressEvent } from '../../../cli/progress/events.ts'
import { speedsOf, takeSample } from '../../../cli/ui/samples.ts'
import { sectionsOf, titleOf } from '../../../cli/ui/sections.ts'
import { NOTHING, type PageState, reduce, sampled } from '../../../cli/ui/state.ts'
import { verdictOf } from '../../../cli/ui/verdict.ts'
import { AT, at, countsEvent, endEvent, runEvent, stageEvent } from './events.ts'

const after = (...events: readonly ProgressEvent[]): PageState => events.reduce(reduce, NOTHING)
const show = (state: PageState, seconds = 10) => sectionsOf(state, Date.parse(at(seconds)))
/** What a reader sees of it. */
const words = (markup: string) =>
  markup
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()

const RETRY: ProgressEvent = {
  ...{
    type: 'retry',
    at: AT,
    database: 'shop',
    stage: 'copy',
    code: 'SRC_CONNECT_REFUSED',
    message: 'the source refuses',
  },
  ...{ remedy: 'start it', again: at(30) },
}

test('the workflow lights up: what is done, at work with its clock, and to come', () => {
  const state = after(runEvent(), stageEvent(null, 'read', 'done'), stageEvent(null, 'open', 'active', 2))
  const { steps } = show(state)
  expect(words(steps)).toMatch(/^✓ Read the task done 0\.0 s ● Open access at work 8\.0 s ○ Check both sides to come /)
  expect(words(show(state, 11).steps)).toContain('Open access at work 9.0 s')
})

test('a database at work shows how far it is, its tables with size, speed and time left, and its lanes', () => {
  const tables = [
    {
      name: 'public.orders',
      bytes: 50_000_000,
      bytesDone: 20_000_000,
      bytesMoving: 5_000_000,
      bytesPerSecond: 2_500_000,
    },
  ]
  const state = after(
    runEvent(),
    stageEvent('shop', 'plan', 'done'),
    stageEvent('shop', 'copy', 'active'),
    countsEvent({
      bytesDone: 20_000_000,
      bytesMoving: 5_000_000,
      bytesPerSecond: 2_500_000,
      left: { least: 28, most: 33 },
    }),
    { type: 'tables', at: AT, database: 'shop', tables },
    {
      type: 'lanes',
      at: AT,
      database: 'shop',
      lanes: [{ lane: 3, table: 'public.orders', bytes: 5_000_000, rows: 10 }],
    },
  )
  const { databases, figures } = show(state)
  expect(databases).toContain('<progress aria-label="copy of shop" max="100" value="25"></progress>')
  expect(words(databases)).toContain('5,000 rows, 25.0 MB of 100 MB (25 %), 2.50 MB/s, 28–33 s left')
  expect(words(databases)).toContain('public.orders 50 % 50.0 MB 2.50 MB/s 10 s')
  expect(words(databases)).toContain('Lanes 3 public.orders 5.00 MB')
  expect(words(figures)).toBe('5,000 rows 25.0 MB of about 100 MB 40 of 100 objects 10 s so far')
  expect(titleOf(state)).toBe('25 % shop-move')
})

test('an attempt that is waited for is counted down with cause, remedy and code, until it has come', () => {
  const state = after(runEvent(), stageEvent('shop', 'copy', 'active'), RETRY)
  expect(verdictOf(state).word).toBe('Waiting')
  expect(words(show(state).databases)).toContain(
    'the source refuses → start it SRC_CONNECT_REFUSED, tried again in 20 s',
  )
  expect(words(show(state, 31).databases)).toContain('tried again now')
  const recovered = reduce(state, { type: 'recovered', at: AT, database: 'shop', stage: 'copy' })
  expect(verdictOf(recovered).word).toBe('Running')
  expect(show(recovered).databases).not.toContain('SRC_CONNECT_REFUSED')
  // It stays told, once however often it was.
  expect(words(show(reduce(recovered, RETRY)).notices)).toBe(
    '2 attempts failed and made again. 2026-03-01 03:14:15 UTC shop SRC_CONNECT_REFUSED: the source refuses → start it',
  )
})

test.each([
  [0, null, 'migrate', 'good', 'Succeeded'],
  [0, null, 'precheck', 'good', 'Prechecked'],
  [4, null, 'migrate', 'warn', 'Succeeded in part'],
  [1, 'DST_DISK_FULL', 'migrate', 'bad', 'Failed'],
  [3, 'PrecheckRefused', 'migrate', 'warn', 'Refused by the precheck'],
  [3, 'PLAN_CHANGED', 'migrate', 'warn', 'Refused'],
  [130, null, 'migrate', 'warn', 'Stopped'],
] as const)('a run that ends with %i says so for good, with its code (%s)', (status, code, mode, tone, word) => {
  const error = code === null ? null : { code, message: 'the disk is full', remedy: 'make room' }
  const state = after(runEvent(['shop'], mode), stageEvent('shop', 'copy', 'active'), RETRY, endEvent(status, error))
  expect(verdictOf(state)).toMatchObject({ tone, word })
  const said = words(show(state).status)
  expect(said).toContain(
    `Ended 2026-03-01 03:15:15 UTC after 1 min 00 s, exit status ${status}. This page changes no more.`,
  )
  expect(said).toContain('/out/report.html')
  if (error !== null)
    expect(said).toContain(`the disk is full → make room ${code === 'PrecheckRefused' ? 'PRECHECK_REFUSED' : code}`)
  expect(titleOf(state)).toBe(`${word}: shop-move`)
})

test('names from a database are text, whatever they hold', () => {
  const name = '<img src=x onerror=alert(1)>"'
  const state = after(
    runEvent([name]),
    stageEvent(name, 'copy', 'active'),
    countsEvent({}, name),
    { type: 'lanes', at: AT, database: name, lanes: [{ lane: 0, table: name, bytes: 1, rows: 1 }] },
    { type: 'warning', at: AT, database: name, text: name },
  )
  const all = Object.values(show(state)).join('')
  expect(all).toContain('&lt;img src=x')
  expect(all).not.toContain('<img')
})

test('of 2,000 databases those at work have a card, fifty more a line, the failed first', () => {
  const names = Array.from({ length: 2000 }, (_, number) => `db${number}`)
  const state = after(
    runEvent(names),
    stageEvent('db9', 'copy', 'active'),
    stageEvent('db5', 'create', 'failed', 1, 'DST_DISK_FULL: the disk is full'),
    stageEvent('db3', 'seal', 'done'),
  )
  const { databases, figures } = show(state)
  expect(databases.match(/<h2>db9<\/h2>/g)).toHaveLength(1)
  expect(words(databases)).toMatch(/Other databases db5 failed DST_DISK_FULL: the disk is full db3 done db0 to come/)
  expect(words(databases)).toMatch(/and 1949 more$/)
  expect(databases.match(/<tr>/g)).toHaveLength(50)
  expect(words(figures)).toContain('1 of 2,000 databases done')
})

test('what holds the lanes is told, and of several databases each by its name', () => {
  const limits = { lanes: 4, mostLanes: null, queriesPerSecond: null, rowsPerSecond: null, bytesPerSecond: 20_000_000 }
  const held = { limits: { ...limits, sourceCpuPercent: null, sourceLatencyMilliseconds: null } }
  const one = after(runEvent(['a', 'b']), countsEvent(held, 'a'), countsEvent(held, 'b'))
  expect(words(show(one).holds)).toBe('Now: 4 lanes, 20.0 MB/s')
  const other = reduce(one, countsEvent({ ...held, paused: true }, 'b'))
  expect(words(show(other).holds)).toMatch(/^a : 4 lanes, 20\.0 MB\/s b : 4 lanes, 20\.0 MB\/s; paused/)
  expect(verdictOf(other).word).toBe('Paused')
})

test('speeds count what this start has moved, stand at 0 where nothing moves, and are thinned out', () => {
  let state = after(runEvent(), countsEvent({ bytesDone: 90_000_000 }))
  const moveTo = (bytesDone: number, second: number) => {
    state = sampled(reduce(state, countsEvent({ bytesDone })), Date.parse(at(second)))
  }
  moveTo(90_000_000, 0)
  moveTo(91_000_000, 1)
  moveTo(92_000_000, 2)
  for (const second of [3, 4, 5, 6]) moveTo(92_000_000, second)
  expect(speedsOf(state.samples).bytes).toEqual([1_000_000, 1_000_000, 666_667, 333_333, 0, 0])
  // A table that is copied again takes back what it had.
  moveTo(50_000_000, 7)
  expect(speedsOf(state.samples).bytes.at(-1)).toBe(0)

  let samples: ReturnType<typeof takeSample> = []
  for (let second = 0; second <= 5000; second++)
    samples = takeSample(samples, { at: second * 1000, bytes: second * 10, rows: 0 })
  expect(samples.length).toBeLessThanOrEqual(900)
  expect(samples.at(-1)?.at).toBe(5_000_000)
  expect(new Set(speedsOf(samples).bytes)).toEqual(new Set([10]))
})

test('another run of the same command takes the place of the first', () => {
  const state = after(runEvent(['a'], 'plan'), stageEvent('a', 'plan', 'done'), endEvent(0), runEvent(['b']))
  expect([...state.databases.keys()]).toEqual(['b'])
  expect(state).toMatchObject({ end: null, samples: [] })
})
