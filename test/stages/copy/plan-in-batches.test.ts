import { afterEach, expect, test } from 'vitest'
import { planBatches } from '../../../lambdas/stages/copy/plan/plan-copy.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const whole = planBatches.columns
afterEach(() => {
  planBatches.columns = whole
})

/** A call that has time when it begins and before one batch, and then no more. */
function callForTwoBatches() {
  let looks = 0
  const getRemainingTimeInMillis = () => {
    looks += 1
    return looks <= 3 ? 60_000 : 10_000
  }
  return { awsRequestId: 'test', getRemainingTimeInMillis }
}

test('a plan of the copy whose time is up goes on in the next call: each table is cut once, and the largest first', async () => {
  planBatches.columns = 1
  const names = ['a', 'b', 'c', 'd', 'e']
  const source = await createDatabase(
    sharedServer(15),
    names
      .map((name, at) => `CREATE TABLE ${name} AS SELECT repeat('x', 1000) FROM generate_series(1, ${at * 500})`)
      .join(';'),
  )
  const destination = await createDatabase(sharedServer(18))
  const event = stepEvent(source, destination, { chunkMegabytes: 1 })
  await planRelations(source, destination, event)
  const standing = () =>
    destination.query(`SELECT (SELECT count(DISTINCT relation) FROM sampan.chunk) AS cut,
      (SELECT count(*) FROM sampan.relation WHERE cut_reason IS NOT NULL) AS decided, copy_planned_at IS NOT NULL AS planned FROM sampan.run`)

  expect(await planCopy(event, callForTwoBatches())).toMatchObject({ verdict: 'more', error: null })
  expect(await standing()).toEqual([{ cut: '2', decided: '2', planned: 'f' }])
  expect(await planCopy(event, callForTwoBatches())).toMatchObject({ verdict: 'more', error: null })
  expect(await standing()).toEqual([{ cut: '4', decided: '4', planned: 'f' }])
  expect(await planCopy(event, callForTwoBatches())).toMatchObject({ verdict: 'done', error: null })
  expect(await standing()).toEqual([{ cut: '5', decided: '5', planned: 't' }])

  const cut = `SELECT r.name, array_agg(c.kind || ' ' || COALESCE(c.lower, '') || '-' || COALESCE(c.upper, '') ORDER BY c.id) AS chunks
                 FROM sampan.chunk c JOIN sampan.relation r ON r.oid = c.relation GROUP BY r.name ORDER BY min(c.id)`
  const inBatches = await destination.query(cut)
  expect(inBatches.map(({ name }) => name)).toEqual(names.toReversed())

  // As in one call that has the time.
  planBatches.columns = whole
  const other = await createDatabase(sharedServer(18))
  const again = stepEvent(source, other, { chunkMegabytes: 1 })
  await planRelations(source, other, again)
  expect(await planCopy(again, stepContext())).toMatchObject({ verdict: 'done', error: null })
  expect(Object.fromEntries((await other.query(cut)).map(({ name, chunks }) => [name, chunks]))).toEqual(
    Object.fromEntries(inBatches.map(({ name, chunks }) => [name, chunks])),
  )
})
