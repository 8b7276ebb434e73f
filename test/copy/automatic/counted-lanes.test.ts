import { expect, test } from 'vitest'
import { handler as copyLane } from '../../../lambdas/copy/lane-handler.ts'
import { type LanePlan, handler as planCopy } from '../../../lambdas/copy/plan-handler.ts'
import { handler as summariseCopy } from '../../../lambdas/copy/summary-handler.ts'
import type { StepEvent } from '../../../lambdas/runtime/event.ts'
import { handler as keepSnapshot } from '../../../lambdas/snapshot/handler.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { startRelay } from '../../support/relay.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

process.env.SAMPAN_ARTEFACTS = 'file:///tmp/unused'
process.env.SAMPAN_LOG = 'off'

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

test('where each stream brings little, lanes are added until it is enough: far sooner than by one lane', async () => {
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
}, 60_000)
