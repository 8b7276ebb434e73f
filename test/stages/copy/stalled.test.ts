import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { watchTimes } from '../../../lambdas/core/ledger/step-watch.ts'
import type { StepContext, StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as summariseCopy } from '../../../lambdas/stages/copy/lane/summary-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { handler as planValidation } from '../../../lambdas/stages/validate/plan-handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent, through } from '../../support/events.ts'
import { startRelay } from '../../support/relay.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'

const usual = { ...watchTimes }
beforeAll(() => Object.assign(watchTimes, { look: 200, laneLook: 200, silent: 2_000, tell: 200, patience: 1_500 }))
afterAll(() => Object.assign(watchTimes, usual))

const TABLE = 'CREATE TABLE plain (id int, note text)'
const ROWS = `INSERT INTO plain SELECT g, repeat('x', 100) FROM generate_series(1, 30000) g`

async function prepare() {
  const source = await createDatabase(sharedServer(15), `${TABLE}; ${ROWS}`)
  const destination = await createDatabase(sharedServer(18), TABLE)
  const event = stepEvent(source, destination)
  await planRelations(source, destination, event)
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  return { source, destination, event }
}

const lanesOf = (database: TestDatabase) =>
  database.query(`SELECT application_name FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'sampan:%:lane:%' AND state <> 'idle'`)

async function untilCopied({ event, destination }: Awaited<ReturnType<typeof prepare>>) {
  expect(await copyLane({ ...event, lane: 0 }, stepContext())).toMatchObject({ verdict: 'done', error: null })
  expect(await summariseCopy({ ...event, results: [] }, stepContext())).toMatchObject({ verdict: 'done' })
  expect(await destination.query('SELECT count(*) FROM plain')).toEqual([{ count: '30000' }])
}

test.each([
  ['source', 'received', 'SRC_STALLED'],
  ['destination', 'sent', 'DST_STALLED'],
] as const)(
  'a lane whose connection to the %s is swallowed without a word is given up, and leaves no session behind',
  { tags: 'long' },
  async (side, direction, code) => {
    const prepared = await prepare()
    const { source, destination, event } = prepared
    const relay = await startRelay({ port: (side === 'source' ? source : destination).connection.port })
    const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext())
    relay.swallowAfter(700_000, direction)
    const swallowed = await copyLane({ ...through(event, side, relay.port), lane: 0 }, stepContext())
    expect(swallowed).toMatchObject({ verdict: 'retry', error: { kind: 'connection', code } })
    expect(swallowed.error?.message).toMatch(/ for \d+ s, and there process \d+ waits for this end/)
    expect([await lanesOf(source), await lanesOf(destination)]).toEqual([[], []])
    relay.close()
    await untilCopied(prepared)
    await keeper
  },
)

test('what a dead lane left behind is ended by the lane that waits for its chunks', { tags: 'long' }, async () => {
  const { destination, event } = await prepare()
  const dead = await destination.connect({ application_name: 'sampan:test-run:lane:7' })
  dead.on('error', () => {})
  await dead.query('BEGIN; SELECT FROM sampan.chunk WHERE id = 1 FOR UPDATE')
  const { results, summary } = await copyRound(event, 1)
  expect(results[0]).toMatchObject({ verdict: 'done', error: null })
  expect(summary).toMatchObject({ verdict: 'done' })
  expect(await destination.query('SELECT count(*) FROM plain')).toEqual([{ count: '30000' }])
  const told = await destination.query(`SELECT step, level, message FROM sampan.event WHERE code = 'SESSION_ENDED'`)
  // By the watch of a lane, or by a keeper's.
  expect(told.length).toBeGreaterThan(0)
  for (const event of told) {
    expect(event).toMatchObject({ level: 'warning', message: expect.stringContaining('sampan:test-run:lane:7') })
  }
})

test('a lane that lives is left alone, however long it holds its chunk', { tags: 'long' }, async () => {
  const { destination, event } = await prepare()
  const lane = await destination.connect({ application_name: 'sampan:test-run:lane:7' })
  await lane.query('BEGIN; SELECT FROM sampan.chunk WHERE id = 1 FOR UPDATE')
  const pid = (await lane.query('SELECT pg_backend_pid() AS pid')).rows[0]?.pid
  const watch = await destination.connect({ application_name: `sampan:test-run:watch:${pid}` })
  const round = copyRound(event, 1)
  const until = performance.now() + 3 * watchTimes.silent
  while (performance.now() < until) await watch.query('SELECT pg_sleep(0.2)')
  await lane.query('COMMIT')
  expect((await round).summary).toMatchObject({ verdict: 'done' })
  await Promise.all([lane.end(), watch.end()])
})

test('whoever holds a lock that a lane waits for is named, and not waited for without end', async () => {
  const prepared = await prepare()
  const { destination, event } = prepared
  const holder = await destination.connect({ application_name: 'night report' })
  await holder.query(`BEGIN; LOCK TABLE plain; SELECT 'a secret'`)
  const pid = (await holder.query('SELECT pg_backend_pid() AS pid')).rows[0]?.pid
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext())
  const held = await copyLane({ ...event, lane: 0 }, stepContext())
  expect(held).toMatchObject({ verdict: 'retry', error: { kind: 'other', code: 'DST_LOCK_HELD' } })
  expect(held.error?.message).toContain(`process ${pid} (night report, of `)
  expect(held.error?.remedy).toContain(`pg_terminate_backend(${pid})`)
  const told = await destination.query(`SELECT message FROM sampan.event WHERE code = 'LOCK_WAITED_FOR'`)
  expect(told).toMatchObject([{ message: expect.stringMatching(/night report, of .*in its transaction since 20/) }])
  expect(JSON.stringify([held, told])).not.toContain('secret')
  await holder.query('COMMIT')
  await holder.end()
  await untilCopied(prepared)
  await keeper
})

test.each([
  ['PlanCopy', planCopy],
  ['SummariseCopy', (event: StepEvent, context: StepContext) => summariseCopy({ ...event, results: [] }, context)],
  ['PlanValidation', planValidation],
] as const)(
  '%s names whoever holds the run’s row, and does not wait without end',
  { tags: 'long' },
  async (_, handler) => {
    const { destination, event } = await prepare()
    const holder = await destination.connect({ application_name: 'night report' })
    await holder.query(`BEGIN; SELECT FROM sampan.run FOR UPDATE`)
    const held = await handler(event, stepContext())
    expect(held).toMatchObject({ verdict: 'retry', error: { kind: 'other', code: 'DST_LOCK_HELD' } })
    expect(held.error?.message).toContain('night report')
    await holder.query('ROLLBACK')
    await holder.end()
  },
)

test.each([
  ['source', 'SRC_STALLED'],
  ['destination', 'DST_STALLED'],
] as const)(
  'a keeper whose connection to the %s is swallowed gives the view up in time, and is called again',
  { tags: 'long' },
  async (side, code) => {
    const { source, destination, event } = await prepare()
    const relay = await startRelay({ port: (side === 'source' ? source : destination).connection.port })
    const keeper = keepSnapshot({ ...through(event, side, relay.port), lane: 1 }, stepContext(300))
    const views = () => destination.query('SELECT generation FROM sampan.snapshot')
    while ((await views()).length === 0) await sleep(20)
    relay.swallow()
    expect(await keeper).toMatchObject({ verdict: 'retry', error: { kind: 'connection', code } })
    relay.close()
  },
)
