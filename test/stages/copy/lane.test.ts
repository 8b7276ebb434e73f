import { expect, test } from 'vitest'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as summariseCopy } from '../../../lambdas/stages/copy/lane/summary-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent, through } from '../../support/events.ts'
import { untilFound } from '../../support/hold.ts'
import { startRelay } from '../../support/relay.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'

const TABLES = `
  CREATE TABLE plain (id int, note text);
  CREATE TABLE "Odd ""name" ("a b" text, n numeric, at timestamptz, gen int GENERATED ALWAYS AS (1) STORED);
  CREATE TABLE nothing ();
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TABLE typed (m mood, ms mood[], j jsonb, b bytea, d date);`

const ROWS = `
  INSERT INTO plain SELECT g % 1000, 'row ' || (g % 1000) FROM generate_series(1, 100000) g;
  INSERT INTO "Odd ""name" SELECT 'x', 'NaN', '-infinity' FROM generate_series(1, 3);
  INSERT INTO nothing SELECT FROM generate_series(1, 5);
  INSERT INTO typed VALUES ('ok', '{sad,ok,NULL}', '{"a":1.0}', '\\x00ff', '0044-03-15 BC');`

async function prepare(major: 15 | 18 = 15, overrides = {}) {
  const source = await createDatabase(sharedServer(major), TABLES + ROWS)
  const destination = await createDatabase(sharedServer(18), TABLES)
  const event = stepEvent(source, destination, { chunkMegabytes: 1, ...overrides })
  await planRelations(source, destination, event)
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  return { source, destination, event }
}

async function expectEqualTables(source: TestDatabase, destination: TestDatabase) {
  for (const table of ['plain', '"Odd ""name"', 'nothing', 'typed']) {
    expect(await sorted(destination, table), table).toEqual(await sorted(source, table))
  }
}

async function sorted(database: TestDatabase, table: string) {
  return database.query(`SELECT md5(string_agg(h, ',' ORDER BY h)) AS hash, count(*) AS rows
                           FROM (SELECT md5(t::text) AS h FROM ONLY ${table} t) hashes`)
}

test('two lanes bring every row of every table exactly once', async () => {
  const { source, destination, event } = await prepare()
  const { results, summary, keepers } = await copyRound(event, 2)
  expect(results.map((result) => result.error)).toEqual([null, null])
  expect(summary).toMatchObject({ verdict: 'done', error: null })
  expect(keepers.map((keeper) => keeper.verdict)).toEqual(['done', 'done'])
  await expectEqualTables(source, destination)
  const chunks = await destination.query(
    `SELECT count(*) AS chunks, sum(rows) AS rows, count(digest) AS digests FROM sampan.chunk`,
  )
  expect(Number(chunks[0]?.chunks)).toBeGreaterThan(6)
  expect(chunks[0]).toMatchObject({ rows: '100009', digests: chunks[0]?.chunks })
})

test.each(['source', 'destination'] as const)(
  'a lane cut off from the %s in the middle of a chunk leaves no row behind, and the chunk is done by another',
  { tags: 'long' },
  async (side) => {
    const { source, destination, event } = await prepare(15, { chunkMegabytes: 256 })
    const relay = await startRelay({ port: (side === 'source' ? source : destination).connection.port })
    const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext())
    relay.cutAfter(700_000, side === 'source' ? 'received' : 'sent')
    const cut = await copyLane({ ...through(event, side, relay.port), lane: 0 }, stepContext())
    expect(cut).toMatchObject({
      verdict: 'retry',
      error: { kind: 'connection', code: side === 'source' ? 'SRC_CONNECTION_LOST' : 'DST_CONNECTION_LOST' },
      window: { kind: 'connection', attempt: 1 },
    })
    const half = await destination.query(`SELECT (SELECT count(*) FROM plain) AS rows, state, attempts
      FROM sampan.chunk WHERE relation = (SELECT oid FROM sampan.relation WHERE name = 'plain')`)
    expect(half[0]).toMatchObject({ rows: '0', state: 'pending' })
    expect(await copyLane({ ...event, lane: 1 }, stepContext())).toMatchObject({ verdict: 'done', error: null })
    expect(await summariseCopy({ ...event, results: [] }, stepContext())).toMatchObject({ verdict: 'done' })
    await keeper
    await expectEqualTables(source, destination)
  },
)

test('the first lane stays until every chunk has its receipt, and takes up what a dead lane gives back', {
  tags: 'long',
}, async () => {
  const { source, destination, event } = await prepare()
  const dead = await destination.connect()
  await dead.query('BEGIN; SELECT 1 FROM sampan.chunk WHERE id = 1 FOR UPDATE')
  const round = copyRound(event, 1)
  await untilFound(destination, `SELECT FROM sampan.chunk HAVING count(*) FILTER (WHERE state = 'pending') = 1`)
  await dead.end()
  const { results, summary } = await round
  expect(results[0]).toMatchObject({ verdict: 'done', error: null })
  expect(summary).toMatchObject({ verdict: 'done', error: null })
  await expectEqualTables(source, destination)
})

test('the same lane called twice at once brings the rows once', { tags: 'long' }, async () => {
  const { source, destination, event } = await prepare()
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext())
  const twice = await Promise.all([0, 0].map((lane) => copyLane({ ...event, lane }, stepContext())))
  expect(twice.map((answer) => answer.verdict)).toEqual(['done', 'done'])
  await summariseCopy({ ...event, results: [] }, stepContext())
  await keeper
  await expectEqualTables(source, destination)
  expect(await copyLane({ ...event, lane: 0 }, stepContext())).toMatchObject({ verdict: 'done' })
  await expectEqualTables(source, destination)
})

test('after Seal a late lane is refused', async () => {
  const { destination, event } = await prepare()
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext())
  await untilSnapshot(destination)
  await destination.query(`UPDATE sampan.run SET state = 'sealed'`)
  const late = await copyLane({ ...event, lane: 0 }, stepContext())
  expect(late).toMatchObject({ verdict: 'failed', error: { code: 'RUN_SEALED' } })
  expect(await destination.query('SELECT count(*) AS rows FROM plain')).toEqual([{ rows: '0' }])
  await destination.query(`UPDATE sampan.run SET copy_ended_at = now()`)
  await keeper
})

async function untilSnapshot(destination: TestDatabase) {
  while ((await destination.query('SELECT 1 FROM sampan.snapshot')).length === 0) {}
}

test('rows written to the source while it is copied do not arrive: every lane reads one view', {
  tags: 'long',
}, async () => {
  const { source, destination, event } = await prepare()
  const before = await sorted(source, 'plain')
  const round = copyRound(event, 1)
  await untilSnapshot(destination)
  await source.query(`INSERT INTO plain SELECT g, 'late' FROM generate_series(1, 1000) g;
                      UPDATE plain SET note = 'changed' WHERE id = 7; DELETE FROM plain WHERE id = 8`)
  await source.query('VACUUM plain')
  expect((await round).summary).toMatchObject({ verdict: 'done' })
  expect(await sorted(destination, 'plain')).toEqual(before)
  expect(await sorted(source, 'plain')).not.toEqual(before)
})

test('a run whose view broke proves what was not written since and copies only the rest again', {
  tags: 'long',
}, async () => {
  const { source, destination, event } = await prepare()
  const stopped = new AbortController()
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext(60, stopped.signal))
  expect(await copyLane({ ...event, lane: 0 }, stepContext())).toMatchObject({ verdict: 'done' })
  stopped.abort()
  await keeper.catch(() => {})
  await source.query(`INSERT INTO typed VALUES ('sad', '{}', '1', '', '2026-01-01')`)

  const { summary } = await copyRound(event, 2)
  expect(summary).toMatchObject({ verdict: 'done', error: null })
  await expectEqualTables(source, destination)
  const story = await destination.query(`SELECT code, message FROM sampan.event ORDER BY number`)
  expect(story.map(({ code }) => code)).toEqual(['SNAPSHOT_RENEWED', 'SNAPSHOT_MADE_GOOD'])
  expect(story[1]?.message).toBe(
    'after the view was lost; 1 table was copied again: public.typed; 3 tables were proved unchanged by digest: public.Odd "name, public.nothing, public.plain',
  )
  const resets = await destination.query(`SELECT name FROM sampan.relation WHERE reset_generation > 0`)
  expect(resets).toEqual([{ name: 'typed' }])
})
