import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { summaryText } from '../../../cli/summary/summary.ts'
import { readChangedTables } from '../../../lambdas/core/ledger/objects/changed-tables.ts'
import { openDestination } from '../../../lambdas/core/postgres/sessions.ts'
import { readEnvironment } from '../../../lambdas/core/runtime/environment.ts'
import { toldAsChanged } from '../../../lambdas/core/structure/changed.ts'
import { readChangedDefinitions } from '../../../lambdas/core/structure/definitions.ts'
import { readGone } from '../../../lambdas/core/structure/gone.ts'
import type { Around } from '../../support/cases/case.ts'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, otherServer15, sharedServer } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'
import { allKinds, allKinds18, migrateSchema } from '../schema/steps.ts'

const SOURCE = `
  CREATE SCHEMA shop;
  CREATE TYPE shop.state AS ENUM ('new', 'sent');
  CREATE DOMAIN shop.amount AS int CHECK (VALUE > 0);
  CREATE TABLE shop.customers (id int PRIMARY KEY, name text);
  CREATE TABLE shop.orders (id int PRIMARY KEY, customer int REFERENCES shop.customers, state shop.state, note text);
  CREATE TABLE shop.notes (id int PRIMARY KEY, note text);
  CREATE TABLE shop.parts (id int, day int) PARTITION BY LIST (day);
  CREATE TABLE shop.parts_1 PARTITION OF shop.parts FOR VALUES IN (1);
  INSERT INTO shop.customers SELECT g, 'c' FROM generate_series(1, 50) g;
  INSERT INTO shop.orders SELECT g, g, 'new', 'n' FROM generate_series(1, 50) g;
  INSERT INTO shop.notes SELECT g, 'n' FROM generate_series(1, 50) g;
  CREATE INDEX by_note ON shop.orders (note); COMMENT ON INDEX shop.by_note IS 'said';
  CREATE VIEW shop.open AS SELECT id FROM shop.orders WHERE state = 'new';
  GRANT SELECT ON shop.open TO PUBLIC; COMMENT ON VIEW shop.open IS 'said of the view';
  CREATE FUNCTION shop.twice(a int, b shop.state) RETURNS int LANGUAGE sql AS 'SELECT 2 * a';
  CREATE FUNCTION shop.noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER noted BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.noted();
  CREATE STATISTICS shop.together ON id, customer FROM shop.orders;
  COMMENT ON STATISTICS shop.together IS 'said'; COMMENT ON FUNCTION shop.noted() IS 'said'; COMMENT ON COLUMN shop.customers.name IS 'said';
  COMMENT ON CONSTRAINT orders_customer_fkey ON shop.orders IS 'said'; COMMENT ON COLUMN shop.orders.note IS 'said'; COMMENT ON TABLE shop.parts IS 'said'`

const DROPPED = `
  ALTER TABLE shop.orders DROP CONSTRAINT orders_customer_fkey; DROP INDEX shop.by_note; DROP VIEW shop.open;
  DROP FUNCTION shop.twice; DROP TRIGGER noted ON shop.orders; DROP STATISTICS shop.together; DROP TABLE shop.notes`

/** Before the first call of Seal. */
function beforeSeal(act: () => Promise<unknown>): Around {
  return ({ step, call }, handler) =>
    async (event, context) => {
      if (step === 'SealFunction' && call === 1) await act()
      return handler(event, context)
    }
}

test('what somebody else drops while the run goes on keeps it from being sealed, by name; started again, it is made anew', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), SOURCE)
  const destination = await createDatabase(await otherServer15())
  const name = 'dropped-behind-the-back'
  const failed = await migrate(
    source,
    destination,
    { name },
    beforeSeal(() => destination.query(DROPPED)),
  )
  expect(failed.outcome).toMatchObject({ exitStatus: 1 })
  const error = failed.report.databases[0]?.error
  expect(error).toMatchObject({ code: 'DST_OBJECTS_GONE', remedy: expect.stringContaining('start the task again') })
  for (const gone of [
    ...['FK CONSTRAINT shop.orders orders_customer_fkey', 'INDEX shop.by_note', 'VIEW shop.open', 'TABLE shop.notes'],
    ...['FUNCTION shop.twice(integer, shop.state)', 'TRIGGER shop.orders noted', 'STATISTICS shop.together'],
  ]) {
    expect(error?.message).toContain(gone)
  }
  const again = await migrate(source, destination, { name })
  expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(
    await destination.query(`
      SELECT obj_description('shop.open'::regclass) AS view, obj_description('shop.by_note'::regclass) AS index,
             (SELECT relacl::text LIKE '%{=r/%' OR relacl::text LIKE '%,=r/%' FROM pg_class WHERE relname = 'open') AS granted,
             (SELECT count(*)::int FROM shop.notes) AS notes, to_regprocedure('shop.twice(int, shop.state)') IS NOT NULL AS twice,
             (SELECT count(*)::int FROM pg_constraint WHERE conname = 'orders_customer_fkey' AND convalidated) AS keys`),
  ).toEqual([{ view: 'said of the view', index: 'said', granted: 't', notes: '50', twice: 't', keys: '1' }])
})

test('a column that somebody drops before the comparison ends the run at once, with its table; the remedy, followed, works', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), SOURCE)
  const destination = await createDatabase(await otherServer15())
  const name = 'column-behind-the-back'
  const cut = 'ALTER TABLE shop.notes DROP COLUMN note'
  const failed = await migrate(source, destination, { name }, ({ step, call }, handler) => async (event, context) => {
    if (step === 'ValidateLaneFunction' && call === 1) await destination.query(cut)
    return handler(event, context)
  })
  const error = failed.report.databases[0]?.error
  expect(error).toMatchObject({
    code: 'DST_CHANGED',
    message: expect.stringContaining('shop.notes has no column note'),
    remedy: expect.stringMatching(/DROP TABLE "?shop"?\."?notes"? CASCADE/),
  })
  await destination.query('DROP TABLE shop.notes CASCADE')
  // And once more behind the comparison.
  const sealing = await migrate(
    source,
    destination,
    { name },
    beforeSeal(() => destination.query(cut)),
  )
  expect(sealing.report.databases[0]?.error).toMatchObject({ code: 'DST_CHANGED', message: error?.message })
  await destination.query('DROP TABLE shop.notes CASCADE')
  const again = await migrate(source, destination, { name })
  expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await destination.query('SELECT count(note) AS notes FROM shop.notes')).toEqual([{ notes: '50' }])
})

test('what somebody else changes on the destination while the run goes on is named at its end', async () => {
  const source = await createDatabase(sharedServer(15), SOURCE)
  const destination = await createDatabase(await otherServer15())
  const changed = await migrate(source, destination, {}, ({ step, call }, handler) => async (event, context) => {
    if (step === 'SummariseCopyFunction' && call === 1)
      await destination.query(`CREATE OR REPLACE FUNCTION shop.twice(a int, b shop.state) RETURNS int LANGUAGE sql AS 'SELECT 3 * a';
        CREATE OR REPLACE VIEW shop.open AS SELECT id FROM shop.orders; ALTER TYPE shop.state ADD VALUE 'lost';
        ALTER DOMAIN shop.amount DROP CONSTRAINT amount_check; ALTER TABLE shop.customers ENABLE ROW LEVEL SECURITY`)
    if (step === 'SealFunction' && call === 1)
      await destination.query(`DROP INDEX shop.by_note; CREATE INDEX by_note ON shop.orders (id); COMMENT ON INDEX shop.by_note IS 'other';
        ALTER TABLE shop.notes ALTER COLUMN note TYPE varchar(7); ALTER TABLE shop.orders DISABLE TRIGGER noted;
        COMMENT ON COLUMN shop.customers.name IS 'other'; COMMENT ON TABLE shop.parts IS NULL; COMMENT ON TABLE shop.parts_1 IS 'new'`)
    return handler(event, context)
  })
  expect(changed.outcome).toMatchObject({ exitStatus: 0, error: null })
  const told = changed.report.databases[0]?.events.filter(({ code }) => code === 'DST_DEFINITIONS_CHANGED') ?? []
  expect(told).toMatchObject([{ level: 'warning', step: 'Seal' }])
  const named = (told[0]?.message ?? '').replace(/^.*as on the source: (.*); it stands.*$/, '$1').split(', ')
  expect(named.toSorted()).toEqual([
    'DOMAIN shop.amount',
    'FUNCTION shop.twice(integer',
    'INDEX shop.by_note',
    'TABLE shop.customers',
    'TABLE shop.notes',
    'TABLE shop.parts',
    'TABLE shop.parts_1',
    'TRIGGER shop.orders noted',
    'TYPE shop.state',
    'VIEW shop.open',
    'shop.state)',
  ])
  const summary = stripVTControlCharacters(summaryText(changed.report, 1))
  expect(summary).toContain('TRIGGER shop.orders noted')
  expect(summary).toContain('otherwise   not as on the source: table shop.customers: it has row security')
}, 180_000)

test.each([
  ['a check', 'ALTER TABLE public.kept DROP CONSTRAINT n_fits'],
  [
    'a check that is another one now',
    'ALTER TABLE public.kept DROP CONSTRAINT n_fits, ADD CONSTRAINT n_fits CHECK (n > 1)',
  ],
  ['a check of one column', 'ALTER TABLE public.kept DROP CONSTRAINT kept_word_check'],
  ['NOT NULL', 'ALTER TABLE public.kept ALTER COLUMN word DROP NOT NULL'],
  ['a default', 'ALTER TABLE public.kept ALTER COLUMN n DROP DEFAULT'],
  ['an identity', 'ALTER TABLE public.kept ALTER COLUMN id DROP IDENTITY'],
  ['an expression', 'ALTER TABLE public.kept ALTER COLUMN twice DROP EXPRESSION'],
  ['storage parameters', 'ALTER TABLE public.kept SET (fillfactor = 50)'],
  ['how a column is stored', 'ALTER TABLE public.kept ALTER COLUMN word SET STORAGE EXTERNAL'],
  [
    'how a column is counted',
    'ALTER TABLE public.kept ALTER COLUMN n SET (n_distinct = 5), ALTER COLUMN n SET STATISTICS 7',
  ],
  ['being logged', 'ALTER TABLE public.kept SET UNLOGGED'],
])('of what stands in a CREATE TABLE: %s is told where somebody changes it', { tags: 'long' }, async (_what, sql) => {
  const event = await kept()
  const session = await openDestination(event, readEnvironment(), { purpose: 'test' })
  try {
    expect(await readChangedDefinitions(session, event.run.id)).toEqual([])
    await session.execute('BEGIN')
    await session.execute(sql)
    expect(await readChangedDefinitions(session, event.run.id)).toContainEqual(
      expect.objectContaining({ kind: 'TABLE', schema: 'public', name: 'kept' }),
    )
  } finally {
    await session.close()
  }
})

test('an answer about types is told by the table that somebody has changed, and stays as it is where nobody has', async () => {
  const event = await kept()
  const session = await openDestination(event, readEnvironment(), { purpose: 'test' })
  const judged = () =>
    toldAsChanged(session, event.run.id, () =>
      session.execute('SELECT pg_catalog.int8send(n::text) FROM public.beside'),
    )
  try {
    await expect(judged()).rejects.toMatchObject({ code: 'DST_SQL_42883' })
    await session.execute('ALTER TABLE public.beside ALTER COLUMN n TYPE bigint')
    await expect(judged()).rejects.toMatchObject({
      code: 'DST_CHANGED',
      message: expect.stringContaining('do not fit any more: public.beside'),
      remedy: expect.stringMatching(/DROP TABLE "?public"?\."?beside"? CASCADE/),
    })
  } finally {
    await session.execute('ALTER TABLE public.beside ALTER COLUMN n TYPE int')
    await session.close()
  }
})

/** A table of all that a CREATE TABLE holds, once for all of them: each changes it in a transaction that it gives up. */
const kept = once(async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE kept (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int DEFAULT 3, word text NOT NULL CHECK (word <> ''),
       twice int GENERATED ALWAYS AS (2 * n) STORED, CONSTRAINT n_fits CHECK (n > 0)) WITH (fillfactor = 70);
     CREATE TABLE beside (n int)`,
  )
  const destination = await createDatabase(sharedServer(18))
  const event = stepEvent(source, destination)
  await migrateSchema(event)
  return event
})

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined
  return () => {
    made ??= make()
    return made
  }
}

test.each([
  [15, allKinds],
  [18, allKinds18],
] as const)(
  'of all kinds of objects none is taken for gone, from %d',
  { tags: 'long', timeout: 120_000 },
  async (from, sql) => {
    const source = await createDatabase(sharedServer(from), sql)
    const destination = await createDatabase(sharedServer(18))
    const event = stepEvent(source, destination)
    await migrateSchema(event)
    const session = await openDestination(event, readEnvironment(), { purpose: 'test' })
    try {
      expect(await readGone(session, event.run.id)).toEqual([])
      expect(await readChangedTables(session, event.run.id)).toEqual([])
      expect(await readChangedDefinitions(session, event.run.id)).toEqual([])
      const [noted] = await destination.query('SELECT count(*) > 5 AS many FROM sampan.definition')
      expect(noted).toEqual({ many: 't' })
    } finally {
      await session.close()
    }
  },
)
