import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { handler as planCopy } from '../../lambdas/copy/plan-handler.ts'
import { changeLimits } from '../../lambdas/ledger/limits.ts'
import { copyRound } from '../support/copy-round.ts'
import { openSession, planRelations } from '../support/copy-run.ts'
import { stepContext, stepEvent } from '../support/events.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../support/servers.ts'

process.env.SAMPAN_ARTEFACTS = 'file:///tmp/unused'
process.env.SAMPAN_LOG = 'off'

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

async function rowsPerSecond(destination: TestDatabase, seconds: number) {
  // Rows of an open COPY count too: the progress view shows them.
  const count = async () =>
    Number(
      (
        await destination.query(`SELECT COALESCE((SELECT sum(rows) FROM sampan.chunk), 0)
        + COALESCE((SELECT sum(tuples_processed) FROM pg_stat_progress_copy WHERE datname = current_database()), 0) AS n`)
      )[0]?.n,
    )
  const [from, start] = [await count(), performance.now()]
  await sleep(seconds * 1000)
  return ((await count()) - from) / ((performance.now() - start) / 1000)
}

test('the rows per second of a task hold for all lanes together, and a change holds within five seconds', async () => {
  const { destination, event } = await prepare({ rowsPerSecond: 20_000 }, 400_000)
  const round = copyRound(event, 2)
  await sleep(3500)
  expect(await rowsPerSecond(destination, 4)).toBeGreaterThan(18_000)
  const before = await rowsPerSecond(destination, 2)
  expect(before).toBeLessThan(22_500)
  const session = await openSession(destination, 'destination')
  await changeLimits(session, event.run.id, { rowsPerSecond: 5_000 })
  await sleep(5000)
  const slower = await rowsPerSecond(destination, 4)
  expect(slower).toBeGreaterThan(4_000)
  expect(slower).toBeLessThan(6_000)
  await changeLimits(session, event.run.id, { rowsPerSecond: null, lanes: 1 })
  await session.close()
  expect((await round).summary).toMatchObject({ verdict: 'done', error: null })
})
