import { expect, test } from 'vitest'
import type { StepEvent } from '../../../../lambdas/core/runtime/event.ts'
import { handler as copyLane } from '../../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as summariseCopy } from '../../../../lambdas/stages/copy/lane/summary-handler.ts'
import { type LanePlan, handler as planCopy } from '../../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../../lambdas/stages/snapshot/handler.ts'
import { planRelations } from '../../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../../support/events.ts'
import { untilFound } from '../../../support/hold.ts'
import { startRelay } from '../../../support/relay.ts'
import { createDatabase, sharedServer } from '../../../support/servers.ts'

const DDL = 'CREATE TABLE plain (id int, note text);'
const MEGABYTE = 1_000_000

/** The copy as the workflow has it: each lane is called until it is done. */
async function copy(event: StepEvent, lanes: readonly number[]) {
  const keepers = [1, 2].map((lane) => keepSnapshot({ ...event, lane }, stepContext()))
  const results = await Promise.all(
    lanes.map(async (lane) => {
      for (;;) {
        const { verdict, error } = await copyLane({ ...event, lane }, stepContext())
        if (verdict === 'done' || verdict === 'failed') return { lane, verdict, error }
      }
    }),
  )
  const summary = await summariseCopy({ ...event, results }, stepContext())
  await Promise.all(keepers)
  return summary
}

test('where each stream brings little, lanes are added until it is enough: far sooner than by one lane', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `${DDL} INSERT INTO plain SELECT g, repeat('x', 184) FROM generate_series(1, 200000) g`,
  )
  const destination = await createDatabase(sharedServer(18), DDL)
  const stream = MEGABYTE
  const relay = await startRelay({ port: source.connection.port, bytesPerSecond: stream })
  const event = stepEvent(source, destination, {
    lanes: 'auto',
    mostLanes: 6,
    chunkMegabytes: 1,
    validation: { mode: 'counts' },
  })
  await planRelations(source, destination, event)
  const plan = (await planCopy(event, stepContext())).output as LanePlan
  expect(plan.lanes).toEqual([0, 1, 2, 3, 4, 5])
  expect(plan.indexLanes).toHaveLength(4)
  expect(await destination.query('SELECT lanes, most_lanes FROM sampan.limits')).toEqual([
    { lanes: '2', most_lanes: '6' },
  ])

  const endpoints = { source: { host: '127.0.0.1', port: relay.port }, destination: destination.connection }
  const started = performance.now()
  expect(await copy({ ...event, endpoints }, plan.lanes)).toMatchObject({ verdict: 'done', error: null })
  const seconds = (performance.now() - started) / 1000

  const [counts] = await destination.query(
    `SELECT (SELECT count(*) FROM plain) AS rows, count(DISTINCT lane) AS lanes, sum(copied_bytes) AS bytes FROM sampan.chunk`,
  )
  expect(counts).toMatchObject({ rows: '200000' })
  expect(Number(counts?.lanes)).toBeGreaterThan(2)
  // One lane takes bytes / stream seconds; two are what it begins with.
  expect(seconds).toBeLessThan((Number(counts?.bytes) / stream) * 0.6)
})

test('a lane for which the source has no connection left is left out, and nothing fails', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `${DDL} INSERT INTO plain SELECT g, repeat('x', 184) FROM generate_series(1, 300000) g`,
  )
  const destination = await createDatabase(sharedServer(18), DDL)
  // Two keepers of the snapshot and three lanes.
  const role = `narrow_${source.name}`
  await source.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p' CONNECTION LIMIT 5; GRANT SELECT ON plain TO ${role}`)
  const event = stepEvent(source, destination, {
    lanes: 'auto',
    mostLanes: 5,
    chunkMegabytes: 1,
    validation: { mode: 'counts' },
    throttle: { megabytesPerSecond: 1 },
  })
  await planRelations(source, destination, event)
  const plan = (await planCopy(event, stepContext())).output as LanePlan
  process.env.SAMPAN_TEST_NARROW = 'p'
  const narrow = {
    ...event,
    task: { ...event.task, source: { ...event.task.source, user: role, secret: 'env:SAMPAN_TEST_NARROW' } },
  }
  const copied = copy(narrow, plan.lanes)
  copied.catch(() => {})
  // Both keepers have their sessions, and so have the two lanes that begin.
  await untilFound(destination, 'SELECT FROM sampan.snapshot HAVING count(*) = 2')
  await untilFound(
    source,
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%:lane:%'
      HAVING count(*) = 2`,
  )
  await destination.query(`UPDATE sampan.limits SET lanes = 5`)
  const limits = async () => (await destination.query('SELECT lanes, most_lanes FROM sampan.limits'))[0]
  await expect.poll(limits, { timeout: 10_000, interval: 100 }).toEqual({ lanes: '3', most_lanes: '3' })
  await destination.query('UPDATE sampan.limits SET bytes_per_second = NULL')
  expect(await copied).toMatchObject({ verdict: 'done', error: null })
  expect(await destination.query('SELECT count(*), sum(id) FROM plain')).toEqual(
    await source.query('SELECT count(*), sum(id) FROM plain'),
  )
  await source.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
})
