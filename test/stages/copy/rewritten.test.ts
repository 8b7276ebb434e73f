import { expect, test } from 'vitest'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { untilFound } from '../../support/hold.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'

const DDL = `CREATE TABLE items (id int, filler text); CREATE TABLE other (id int);`
const DATA = `INSERT INTO items SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 8000) n;
  DELETE FROM items WHERE id < 4000 AND id % 2 = 0; INSERT INTO other SELECT generate_series(1, 100);`
const CONTENT = `SELECT count(*) AS rows, count(DISTINCT id) AS ids, sum(id) AS sum FROM items`

/** A run of which the first part of a table, and nothing else of it, is copied. The table has holes in its pages. */
async function half() {
  const source = await createDatabase(sharedServer(15), `${DDL} ${DATA}`)
  const destination = await createDatabase(sharedServer(18), DDL)
  const event = stepEvent(source, destination, { chunkMegabytes: 1 })
  await planRelations(source, destination, event)
  await planCopy(event, stepContext())
  const stop = new AbortController()
  const keepers = [1, 2].map((lane) => keepSnapshot({ ...event, lane }, stepContext(60, stop.signal)).catch(() => null))
  await exceptLast(destination, async () => {
    expect(await copyLane({ ...event, lane: 1 }, stepContext())).toMatchObject({ verdict: 'done' })
  })
  const view = async () => {
    stop.abort()
    await Promise.all(keepers)
  }
  return { source, destination, event, view }
}

/** Runs `body` while somebody holds all chunks of the table but the first. */
async function exceptLast(destination: TestDatabase, body: () => Promise<void>): Promise<void> {
  const holder = await destination.connect()
  await holder.query('BEGIN; SELECT 1 FROM sampan.chunk WHERE lower IS NOT NULL FOR UPDATE')
  await body()
  await holder.query('COMMIT')
}

/** Round after round, as the machine does it. */
async function toItsEnd({ event }: Awaited<ReturnType<typeof half>>) {
  for (let rounds = 1; rounds < 20; rounds += 1) {
    const { summary } = await copyRound(event, 1)
    if (summary.verdict !== 'yield') return summary
    await planCopy(event, stepContext())
  }
  throw new Error('the copy does not come to its end')
}

test.each([
  ['VACUUM FULL, which lays its rows in other places', 'VACUUM FULL items'],
  ['TRUNCATE, which leaves nothing that the view sees', 'TRUNCATE items'],
  ['an ALTER TABLE that makes a new file', 'ALTER TABLE items ALTER filler TYPE text USING upper(filler)'],
])('a table half copied meets %s: it is copied again in a newer view', { tags: 'long' }, async (_, sql) => {
  const run = await half()
  const before = await run.source.query(CONTENT)
  await run.source.query(sql)
  expect(await toItsEnd(run)).toMatchObject({ verdict: 'done', error: null })
  await run.view()
  const copied = await run.destination.query(CONTENT)
  expect(copied).toEqual(await run.source.query(CONTENT))
  if (!sql.startsWith('TRUNCATE')) expect(copied).toEqual(before)
  // Every receipt is of one newer view: of the last one, where it took more rounds.
  expect(
    await run.destination.query(
      'SELECT DISTINCT generation > 1 AS newer, max(generation) OVER () = generation AS last FROM sampan.chunk',
    ),
  ).toEqual([{ newer: 't', last: 't' }])
  const events = await run.destination.query(`SELECT code FROM sampan.event WHERE code LIKE '%REWRITTEN'`)
  expect(events).toEqual([{ code: 'SRC_TABLE_REWRITTEN' }])
})

test('a table that is rewritten each time it is copied ends the run, with its name', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const run = await half()
  const again = () => run.source.query('VACUUM FULL items').then(() => {})
  await again()
  // The view is there before the table is rewritten once more, and the lane comes after.
  const once = async () => {
    const { event, destination } = run
    const stop = new AbortController()
    const [known] = await destination.query('SELECT count(*) AS known FROM sampan.snapshot')
    const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext(60, stop.signal)).catch(() => null)
    await untilFound(destination, `SELECT FROM sampan.snapshot HAVING count(*) > ${known?.known}`)
    await again()
    const lane = await copyLane({ ...event, lane: 0 }, stepContext())
    stop.abort()
    await keeper
    return lane
  }
  await run.view()
  const verdicts = []
  for (let calls = 1; calls <= 5; calls += 1) verdicts.push((await once()).verdict)
  expect(verdicts).toEqual(['more', 'more', 'more', 'more', 'failed'])
  const [event] = await run.destination.query(`SELECT message FROM sampan.event WHERE code = 'SRC_TABLE_REWRITTEN'`)
  expect(event?.message).toContain('public.items')
})
