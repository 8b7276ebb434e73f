import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { changeLimits, pauseRun } from '../../../lambdas/core/ledger/limits.ts'
import { readProgress } from '../../../lambdas/core/ledger/story/progress.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { openSession, planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const DDL = 'CREATE TABLE plain (id int, note text);'

async function prepare(throttle: object, rows: number) {
  const source = await createDatabase(
    sharedServer(15),
    `${DDL} INSERT INTO plain SELECT g, repeat('x', 84) FROM generate_series(1, ${rows}) g`,
  )
  const destination = await createDatabase(sharedServer(18), DDL)
  const event = stepEvent(source, destination, { chunkMegabytes: 4, throttle })
  await planRelations(source, destination, event)
  await planCopy(event, stepContext())
  return { source, destination, event }
}

async function copyFor(event: StepEvent, lanes: number): Promise<number> {
  const started = performance.now()
  expect((await copyRound(event, lanes)).summary).toMatchObject({ verdict: 'done', error: null })
  return (performance.now() - started) / 1000
}

test('the rows per second of a task hold for all lanes together', { tags: 'long' }, async () => {
  const { event } = await prepare({ rowsPerSecond: 20_000 }, 120_000)
  // Ten percent above the limit at most; how far below depends on what else the machine does.
  expect(await copyFor(event, 2)).toBeGreaterThan(120_000 / 22_000)
})

test('so do the megabytes per second', { tags: 'long' }, async () => {
  const { event } = await prepare({ megabytesPerSecond: 2 }, 100_000)
  // 100 bytes a row in binary form.
  expect(await copyFor(event, 2)).toBeGreaterThan((100_000 * 100) / 2_200_000)
})

test('a limit that is lifted while the run goes on is lifted within five seconds', { tags: 'long' }, async () => {
  const { destination, event } = await prepare({ rowsPerSecond: 1_000 }, 100_000)
  const copied = copyFor(event, 2)
  await sleep(1_500)
  const session = await openSession(destination, 'destination')
  await changeLimits(session, event.run.id, { rowsPerSecond: null, lanes: 1 })
  await session.close()
  // At the first limit it would be 100 seconds.
  expect(await copied).toBeLessThan(30)
})

test('a run that is paused stands still within five seconds, and goes on where it was when it is resumed', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const { source, destination, event } = await prepare({ rowsPerSecond: 8_000 }, 40_000)
  const session = await openSession(destination, 'destination')
  // What has passed, with a receipt or not.
  const moved = async () => {
    const progress = await readProgress(session, event.run.id)
    return (progress?.rows ?? 0) + (progress?.rowsMoving ?? 0)
  }
  try {
    const copied = copyFor(event, 2)
    await expect.poll(moved, { timeout: 20_000 }).toBeGreaterThan(0)
    expect(await pauseRun(session, event.run.id, true)).toMatchObject({ paused: true, lanes: expect.any(Number) })
    // Two looks of the lanes, and their word about what had passed by then.
    await sleep(5_000)
    const stood = await moved()
    expect(stood).toBeLessThan(40_000)
    await sleep(2_500)
    expect(await moved()).toBe(stood)
    await pauseRun(session, event.run.id, false)
    await changeLimits(session, event.run.id, { rowsPerSecond: null })
    await copied
    const count = 'SELECT count(*) AS rows, sum(hashtext(t::text)) AS sum FROM plain t'
    expect(await destination.query(count)).toEqual(await source.query(count))
  } finally {
    await session.close()
  }
})
