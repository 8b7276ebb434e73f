import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { changeLimits, readLimits } from '../../../../lambdas/core/ledger/limits.ts'
import { handler as planCopy } from '../../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../../../support/copy-round.ts'
import { openSession, planRelations } from '../../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../../support/events.ts'
import { startRelay } from '../../../support/relay.ts'
import { createDatabase, sharedServer } from '../../../support/servers.ts'

const DDL = 'CREATE TABLE plain (id int, note text);'
const MEGABYTE = 1_000_000
const MOST_MEGABYTES = 4

test('lanes go slower while the source answers slowly, at full pace again when it does not, and lose nothing', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `${DDL} INSERT INTO plain SELECT g, repeat('x', 84) FROM generate_series(1, 1000000) g`,
  )
  const destination = await createDatabase(sharedServer(18), DDL)
  let strained = false
  const relay = await startRelay({ port: source.connection.port, delay: () => (strained ? 300 : 0) })
  const event = stepEvent(source, destination, {
    chunkMegabytes: 1,
    throttle: { megabytesPerSecond: MOST_MEGABYTES, automatic: { sourceLatencyMilliseconds: 250 } },
  })
  await planRelations(source, destination, event)
  await planCopy(event, stepContext())
  const endpoints = { source: { host: '127.0.0.1', port: relay.port }, destination: destination.connection }
  const copied = copyRound({ ...event, endpoints }, 2, 200)
  copied.catch(() => {})

  const ledger = await openSession(destination, 'destination')
  const arrived = async () => {
    const [row] = await ledger.rows<{ bytes: number }>(
      'SELECT COALESCE(sum(copied_bytes), 0)::float8 AS bytes FROM sampan.chunk',
    )
    return row?.bytes ?? 0
  }
  const paceOf = async () => (await readLimits(ledger, event.run.id)).pace
  // Two looks at full speed tell each lane what its speed is.
  await sleep(6_000)
  expect(await paceOf()).toBe(1)

  strained = true
  await expect.poll(paceOf, { timeout: 30_000, interval: 200 }).toBeLessThan(0.1)
  await sleep(3_000)
  const before = await arrived()
  const seconds = 8
  await sleep(seconds * 1000)
  // What two lanes had under way may land; at the limit it would be twice as much.
  expect((await arrived()) - before).toBeLessThan((seconds * MOST_MEGABYTES * MEGABYTE) / 2)

  strained = false
  await expect.poll(paceOf, { timeout: 40_000, interval: 200 }).toBe(1)
  await sleep(2_500)
  await changeLimits(ledger, event.run.id, { bytesPerSecond: null })
  await ledger.close()
  expect((await copied).summary).toMatchObject({ verdict: 'done', error: null })

  const sums = 'SELECT count(*) AS rows, sum(id) AS ids FROM plain'
  expect(await destination.query(sums)).toEqual(await source.query(sums))
  const events = await destination.query(`SELECT code, message FROM sampan.event ORDER BY number`)
  expect(events[0]).toMatchObject({
    code: 'PACE_LOWERED',
    message: expect.stringMatching(/latency of the source \d+ ms/),
  })
  expect(events.map(({ code }) => code)).toContain('PACE_FULL')
  expect(events.length).toBeLessThan(5)
})
