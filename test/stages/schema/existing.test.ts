import { expect, test } from 'vitest'
import { createDatabase, otherServer15, sharedServer } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'

const TABLES = `
  CREATE SCHEMA shop;
  CREATE TYPE shop.state AS ENUM ('new', 'sent');
  CREATE TABLE shop.customers (id int PRIMARY KEY, name text);
  CREATE TABLE shop.orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int CONSTRAINT customer REFERENCES shop.customers, state shop.state,
                            twice int GENERATED ALWAYS AS (customer * 2) STORED);
  CREATE TABLE shop.parts (id int, day int) PARTITION BY LIST (day);
  CREATE TABLE shop.parts_1 PARTITION OF shop.parts FOR VALUES IN (1);
  CREATE SEQUENCE shop.tickets;`
const SOURCE = `${TABLES}
  CREATE FUNCTION shop.half(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
  CREATE TABLE shop.more (id int PRIMARY KEY);
  CREATE INDEX by_state ON shop.orders (state);
  CREATE VIEW shop.open AS SELECT id FROM shop.orders WHERE state = 'new';
  CREATE MATERIALIZED VIEW shop.totals AS SELECT customer, count(*) FROM shop.orders GROUP BY 1;
  INSERT INTO shop.customers SELECT g, 'c' FROM generate_series(1, 50) g;
  INSERT INTO shop.orders (customer, state) SELECT g, 'new' FROM generate_series(1, 50) g;
  INSERT INTO shop.parts SELECT g, 1 FROM generate_series(1, 50) g;
  SELECT setval('shop.tickets', 7);`

test('rows come into tables that stand there, empty and of the same columns, and nothing is made', async () => {
  const source = await createDatabase(sharedServer(15), SOURCE)
  const destination = await createDatabase(
    await otherServer15(),
    `${TABLES} SELECT setval('shop.tickets', 900); INSERT INTO shop.customers VALUES (1, 'x'); INSERT INTO shop.parts VALUES (1, 1);
     CREATE TABLE shop.own (a int); INSERT INTO shop.own VALUES (1)`,
  )
  const databases = [{ name: source.name, as: destination.name, schema: 'existing' as const }]
  const name = 'fills-tables'
  const refused = await migrate(source, destination, { name, databases })
  expect(refused.outcome.exitStatus).toBe(3)
  const found = refused.report.prechecks.filter(({ blocks }) => blocks)
  expect(found.map(({ code, details }) => [code, details])).toEqual([
    ['DST_TABLE_MISSING', ['shop.more']],
    ['DST_TABLE_NOT_EMPTY', ['shop.customers', 'shop.parts_1']],
  ])
  await destination.query(
    'CREATE TABLE shop.more (id int PRIMARY KEY); TRUNCATE shop.customers, shop.orders, shop.parts',
  )
  const { outcome, report } = await migrate(source, destination, { name, databases })
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(
    await destination.query(`
      SELECT (SELECT count(*) || ' ' || sum(twice) FROM shop.orders) AS orders, (SELECT count(*) FROM shop.parts) AS parts,
             (SELECT count(*) FROM shop.own) AS own, (SELECT last_value FROM shop.tickets) AS tickets,
             (SELECT last_value FROM shop.orders_id_seq) AS ids, to_regclass('shop.open') AS open, to_regclass('shop.totals') AS totals,
             to_regclass('shop.by_state') AS index, to_regproc('shop.half') AS function`),
  ).toEqual([
    {
      ...{ orders: '50 2550', parts: '50', own: '1', tickets: '900', ids: '50' },
      ...{ open: null, totals: null, index: null, function: null },
    },
  ])
  const [database] = report.databases
  expect(database?.totals).toMatchObject({ tablesDifferent: 0, failed: 0, blocked: 0, pending: 0 })
  const lack = database?.events.find(({ code }) => code === 'DST_TABLES_LACK')
  expect(lack?.message).toBe('the tables there lack, and nothing of it is made: INDEX shop.by_state')
  expect(database?.objects.find(({ kind }) => kind === 'VIEW')).toMatchObject({
    status: 'skipped',
    reason: 'the task brings rows alone, into what stands there',
  })
  // The same once more is done already.
  expect((await migrate(source, destination, { name, databases })).outcome).toMatchObject({ exitStatus: 0 })
}, 180_000)

test('a run that was broken off goes on in tables that it has begun to fill; a database that is not there has no tables', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), SOURCE)
  const destination = await createDatabase(
    await otherServer15(),
    `${TABLES} CREATE TABLE shop.more (id int PRIMARY KEY)`,
  )
  const databases = [{ name: source.name, as: destination.name, schema: 'existing' as const }]
  const name = 'fills-tables-again'
  const error = { kind: 'other' as const, code: 'TEST_STOP', message: 'stopped by the test', remedy: 'none' }
  const broken = await migrate(source, destination, { name, databases }, ({ step }, handler) =>
    step === 'AnalyzeFunction'
      ? async (event, context) => ({ ...(await handler(event, context)), verdict: 'failed' as const, error })
      : handler,
  )
  expect(broken.outcome.exitStatus).toBe(1)
  expect(await destination.query('SELECT count(*) AS rows FROM shop.orders')).toEqual([{ rows: '50' }])
  expect((await migrate(source, destination, { name, databases })).outcome).toMatchObject({
    exitStatus: 0,
    error: null,
  })
  const absent = await migrate(source, destination, {
    databases: [{ ...databases[0], name: source.name, as: 'nowhere_at_all' }],
  })
  expect(absent.report.prechecks.find(({ code }) => code === 'DST_TABLE_MISSING')?.details).toEqual([
    'the database nowhere_at_all with all of them',
  ])
})

test('what somebody writes into a table that is to be filled, or how the source changes it, ends the run and is left as it is', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), SOURCE)
  const destination = await createDatabase(
    await otherServer15(),
    `${TABLES} CREATE TABLE shop.more (id int PRIMARY KEY)`,
  )
  const databases = [{ name: source.name, as: destination.name, schema: 'existing' as const }]
  const task = { name: 'tables-in-use', databases, lanes: 1 }
  const filled = await migrate(source, destination, task, ({ step, call }, handler) => async (event, context) => {
    if (step === 'CopyLaneFunction' && call === 1) {
      await destination.query(
        `INSERT INTO shop.customers VALUES (1000, 'theirs'); INSERT INTO shop.parts VALUES (7, 1)`,
      )
    }
    return handler(event, context)
  })
  expect(filled.outcome).toMatchObject({ exitStatus: 1, error: { code: 'DST_TABLE_FILLED' } })
  const rows = () =>
    destination.query(
      'SELECT (SELECT min(name) FROM shop.customers) AS name, (SELECT count(*) FROM shop.parts) AS parts',
    )
  expect(await rows()).toEqual([{ name: 'theirs', parts: '1' }])
  await source.query('ALTER TABLE shop.customers ADD COLUMN since int')
  await destination.query('ALTER TABLE shop.customers ADD COLUMN since int')
  const changed = await migrate(source, destination, task)
  expect(changed.outcome).toMatchObject({ exitStatus: 1, error: { code: 'DST_KEPT_TABLE_CHANGED' } })
  expect(await rows()).toEqual([{ name: 'theirs', parts: '1' }])
})
