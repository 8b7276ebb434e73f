import { expect, test } from 'vitest'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, oldestServer, sharedServer } from '../../support/servers.ts'
import { validate } from '../validate/migration.ts'

const DDL = `CREATE TABLE orders (id int PRIMARY KEY, at date, note text);`
const ROWS = (where: string) =>
  `SELECT count(*) AS rows, md5(string_agg(t::text, ',' ORDER BY id)) AS hash FROM orders t WHERE ${where}`

async function planned(server = sharedServer(15), order = 'g') {
  const source = await createDatabase(
    server,
    `${DDL} INSERT INTO orders SELECT g, date '2025-01-01' + g % 700, repeat(md5(g::text), 3) FROM generate_series(1, 40000) g ORDER BY ${order}; ANALYZE orders`,
  )
  const destination = await createDatabase(sharedServer(18), DDL)
  const event = stepEvent(source, destination, { chunkMegabytes: 1 })
  await planRelations(source, destination, event)
  await destination.query(
    `UPDATE sampan.relation SET condition = $$at >= date '2026-01-01' -- this year's$$, filtered = true`,
  )
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  return { source, destination, event }
}

test('where the view is lost the table is emptied of all rows, and those that the filter lets come now are copied again', {
  tags: 'long',
}, async () => {
  const { source, destination, event } = await planned()
  const stopped = new AbortController()
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext(60, stopped.signal))
  expect(await copyLane({ ...event, lane: 0 }, stepContext())).toMatchObject({ verdict: 'done' })
  stopped.abort()
  await keeper.catch(() => {})
  // What was copied does not satisfy the condition any more: an emptying by the condition would leave it there.
  await destination.query(`UPDATE orders SET at = '2020-01-01' WHERE id % 2 = 0`)
  await source.query(`UPDATE orders SET at = '2024-01-01' WHERE id % 3 = 0`)
  expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
  expect(await destination.query(ROWS('true'))).toEqual(await source.query(ROWS(`at >= '2026-01-01'`)))
  expect(await destination.query(`SELECT reset_generation > 0 AS again FROM sampan.relation`)).toEqual([{ again: 't' }])
  expect(await validate(event)).toMatchObject({ verdict: 'done', error: null })
})

test('a row too many on the destination is found, though the condition would not show it', async () => {
  const { destination, event } = await planned()
  expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
  await destination.query(`INSERT INTO orders VALUES (0, '2020-01-01', 'of another year')`)
  expect(await validate(event)).toMatchObject({ verdict: 'failed', error: { code: 'VALIDATION_DIFFERS' } })
  const [found] = await destination.query(`SELECT different, missing, surplus FROM sampan.difference`)
  expect(found).toEqual({ different: '0', missing: '0', surplus: '1' })
})

test.each([
  ['ranges of the key', 'g'],
  ['ranges of pages', 'md5(g::text)'],
])('from a PostgreSQL 10 by %s as well', { tags: 'long' }, async (cut, order) => {
  const { source, destination, event } = await planned(await oldestServer(), order)
  expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
  expect(await destination.query(ROWS('true'))).toEqual(await source.query(ROWS(`at >= '2026-01-01'`)))
  const [chunks] = await destination.query(
    `SELECT count(*) > 2 AS many, min(kind) AS kind, min(cut_reason) AS reason FROM sampan.chunk JOIN sampan.relation r ON r.oid = relation`,
  )
  expect(chunks).toMatchObject({ many: 't', kind: cut === 'ranges of pages' ? 'tid' : 'key' })
  expect(await validate(event)).toMatchObject({ verdict: 'done', error: null })
})
