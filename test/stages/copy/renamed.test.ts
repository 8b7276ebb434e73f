import { expect, test } from 'vitest'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as analyze } from '../../../lambdas/stages/schema/analyze-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'
import { validate } from '../validate/migration.ts'

const MOOD = `CREATE TYPE public.mood AS ENUM ('sad', 'ok'); CREATE DOMAIN public.amount AS numeric(12,2);`

const SOURCE = `${MOOD} CREATE SCHEMA shop;
  CREATE TABLE shop.orders (id bigint PRIMARY KEY, note text, total public.amount, mood public.mood);
  INSERT INTO shop.orders SELECT g, 'row ' || g, g * 1.01, 'ok' FROM generate_series(1, 40000) g;
  -- What a rename could be mistaken for: a table of the source's name on the destination, and of the destination's name on the source.
  CREATE TABLE public.note (x int); CREATE TABLE shop."Bestellungen" (id int);
  CREATE TABLE shop.rules (id int, own boolean); INSERT INTO shop.rules SELECT g, g % 2 = 0 FROM generate_series(1, 100) g;`

const DESTINATION = `${MOOD} CREATE SCHEMA shop; CREATE SCHEMA "Archiv 1";
  CREATE TABLE "Archiv 1"."Bestellungen" ("Nummer" bigint PRIMARY KEY, "id" text, total_net public.amount, laune public.mood);
  CREATE TABLE shop.orders (id bigint PRIMARY KEY, note text, total public.amount, mood public.mood);
  CREATE TABLE "Archiv 1".rules (id int, "eigen" boolean); INSERT INTO "Archiv 1".rules SELECT -g, false FROM generate_series(1, 5) g;`

const NAMES = `
  SET sampan.execution = 'e'; DELETE FROM sampan.relation WHERE name NOT IN ('orders', 'rules');
  UPDATE sampan.relation SET destination_schema = 'Archiv 1', destination_name = 'Bestellungen',
         destination_columns = '{Nummer,id,total_net,laune}' WHERE name = 'orders';
  UPDATE sampan.relation SET destination_schema = 'Archiv 1', destination_columns = '{id,eigen}',
         condition = 'own', destination_condition = 'eigen' WHERE name = 'rules'`

const ROWS_HERE = `SELECT md5(string_agg(t::text, ',' ORDER BY id)) AS hash, count(*) AS rows FROM shop.orders t`
const ROWS_THERE = `SELECT md5(string_agg(t::text, ',' ORDER BY "Nummer")) AS hash, count(*) AS rows FROM "Archiv 1"."Bestellungen" t`

async function planned(overrides = {}) {
  const source = await createDatabase(sharedServer(15), SOURCE)
  const destination = await createDatabase(sharedServer(18), DESTINATION)
  const event = stepEvent(source, destination, { chunkMegabytes: 1, ...overrides })
  await planRelations(source, destination, event)
  await destination.query(NAMES)
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  return { source, destination, event }
}

async function expectArrived({ source, destination }: Awaited<ReturnType<typeof planned>>) {
  expect(await destination.query(ROWS_THERE)).toEqual(await source.query(ROWS_HERE))
  expect(
    await destination.query(`SELECT count(*) FILTER (WHERE eigen) AS own, count(*) AS all FROM "Archiv 1".rules`),
  ).toEqual([{ own: '50', all: '55' }])
  expect(await destination.query('SELECT count(*) AS rows FROM shop.orders')).toEqual([{ rows: '0' }])
}

test.each(['auto', 'text'] as const)(
  'rows arrive under the names that the destination has for their table and columns, and are compared there (%s)',
  { tags: 'long' },
  async (format) => {
    const run = await planned({ format })
    const { destination, event } = run
    expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
    await expectArrived(run)
    const forms = await destination.query(`SELECT name, format FROM sampan.relation ORDER BY name`)
    expect(forms[0]).toEqual({ name: 'orders', format: format === 'auto' ? 'binary' : 'text' })
    expect(await validate(event)).toMatchObject({ verdict: 'done', error: null })
    const parts = await destination.query(
      `SELECT r.name, sum(p.rows) AS rows FROM sampan.digest_part p JOIN sampan.relation r ON r.oid = p.relation GROUP BY 1 ORDER BY 1`,
    )
    expect(parts).toEqual([
      { name: 'orders', rows: '40000' },
      { name: 'rules', rows: '50' },
    ])
  },
)

test('one byte that differs under the other name is found, and its place', { tags: 'long' }, async () => {
  const { destination, event } = await planned()
  expect((await copyRound(event, 1)).summary).toMatchObject({ verdict: 'done', error: null })
  await destination.query(`UPDATE "Archiv 1"."Bestellungen" SET id = 'row 0' WHERE "Nummer" = 77`)
  expect(await validate(event)).toMatchObject({ verdict: 'failed', error: { code: 'VALIDATION_DIFFERS' } })
  const [found] = await destination.query(
    `SELECT different, missing, surplus, source_changed, places FROM sampan.difference`,
  )
  expect(found).toMatchObject({ different: '1', missing: '0', surplus: '0', source_changed: 'f' })
  const [place] = JSON.parse(found?.places ?? '[]') as { ctid: string; side: string }[]
  expect(place?.side).toBe('destination')
  expect(
    await destination.query(`SELECT "Nummer" FROM "Archiv 1"."Bestellungen" WHERE ctid = '${place?.ctid}'`),
  ).toEqual([{ Nummer: '77' }])
})

test('where the view is lost and the source was written to, the table is emptied and copied again under its other name', {
  tags: 'long',
}, async () => {
  const run = await planned()
  const { source, destination, event } = run
  const stopped = new AbortController()
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext(60, stopped.signal))
  expect(await copyLane({ ...event, lane: 0 }, stepContext())).toMatchObject({ verdict: 'done' })
  stopped.abort()
  await keeper.catch(() => {})
  await source.query(`UPDATE shop.orders SET note = 'late' WHERE id < 10; UPDATE shop.rules SET id = 1000 WHERE id = 2`)
  expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
  await expectArrived(run)
  expect(await destination.query(`SELECT name FROM sampan.relation WHERE reset_generation > 0 ORDER BY 1`)).toEqual([
    { name: 'orders' },
    { name: 'rules' },
  ])
})

test('statistics are made under the other name', async () => {
  const { destination, event } = await planned()
  expect((await copyRound(event, 1)).summary).toMatchObject({ verdict: 'done', error: null })
  await destination.query(`
    INSERT INTO sampan.object (run, id, position, kind, name, stage, verdict, status)
      SELECT run, 1, 1, 'TABLE', 'orders', 'create', 'transform', 'transformed' FROM sampan.relation WHERE name = 'orders';
    UPDATE sampan.relation SET object = 1 WHERE name = 'orders'`)
  expect(await analyze(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  expect(await destination.query(`SELECT reltuples FROM pg_class WHERE relname = 'Bestellungen'`)).toEqual([
    { reltuples: '40000' },
  ])
})
