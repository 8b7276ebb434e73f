import { expect, test } from 'vitest'
import { createDatabase, otherServer15, sharedServer } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'

const SOURCE = `
  CREATE SCHEMA legacy;
  CREATE TYPE legacy.state AS ENUM ('new', 'sent');
  CREATE TABLE legacy.customers (id int PRIMARY KEY, name text);
  CREATE TABLE legacy.orders (id serial PRIMARY KEY, customer int REFERENCES legacy.customers, state legacy.state, note text);
  CREATE INDEX by_note ON legacy.orders (note);
  CREATE TABLE legacy.parts (id int, day int) PARTITION BY LIST (day);
  CREATE TABLE legacy.parts_1 PARTITION OF legacy.parts FOR VALUES IN (1);
  CREATE TABLE legacy.lines (orders int REFERENCES legacy.orders, place int);
  CREATE VIEW legacy.open AS SELECT id FROM legacy.orders WHERE state = 'new';
  COMMENT ON TABLE legacy.orders IS 'the source says';
  INSERT INTO legacy.customers SELECT g, 'c' FROM generate_series(1, 50) g;
  INSERT INTO legacy.orders (customer, state, note) SELECT g, 'new', 'n' FROM generate_series(1, 50) g;
  INSERT INTO legacy.parts SELECT g, 1 FROM generate_series(1, 50) g;
  INSERT INTO legacy.lines SELECT g, 1 FROM generate_series(1, 50) g`

/** Columns in another order, one more, other indexes, other rights; rows that clash and rows that do not. */
const DESTINATION = `
  CREATE SCHEMA archive;
  CREATE TYPE archive.state AS ENUM ('new', 'sent');
  CREATE TABLE archive.customers (name text, id int PRIMARY KEY);
  CREATE TABLE archive.orders (note text, id serial PRIMARY KEY, customer int REFERENCES archive.customers ON DELETE CASCADE,
                               state archive.state, since timestamptz DEFAULT now());
  CREATE INDEX own_index ON archive.orders (state);
  CREATE TABLE archive.parts (id int, day int) PARTITION BY LIST (day);
  CREATE TABLE archive.parts_1 PARTITION OF archive.parts FOR VALUES IN (1);
  COMMENT ON TABLE archive.orders IS 'the owner says'; GRANT SELECT ON archive.orders TO PUBLIC;
  ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO PUBLIC;
  INSERT INTO archive.customers VALUES ('old', 1), ('old', 1000);
  INSERT INTO archive.orders (note, customer) SELECT 'old', 1000 FROM generate_series(1, 70);
  INSERT INTO archive.parts VALUES (1000, 1)`

const tables = {
  'legacy.customers': { conflicts: 'truncate' },
  'legacy.orders': { conflicts: 'truncate' },
  'legacy.parts': { conflicts: 'truncate' },
} as const

test('truncate empties the tables that are named, and they stay as they are; what the source has beside them is made around them', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), SOURCE)
  const destination = await createDatabase(await otherServer15(), DESTINATION)
  const databases = [{ name: source.name, as: destination.name, names: { schemas: { legacy: 'archive' } }, tables }]
  const name = 'meets-tables'
  const refused = await migrate(source, destination, { name, databases })
  expect(refused.outcome.exitStatus).toBe(3)
  expect(await destination.query('SELECT count(*)::int AS rows FROM archive.orders')).toEqual([{ rows: '70' }])
  const acknowledge = ['RIGHTS_WIDER', 'DST_ROWS_GIVE_WAY']
  const { outcome, report } = await migrate(source, destination, { name, databases, precheck: { acknowledge } })
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(
    await destination.query(`
      SELECT (SELECT count(*)::int || ' ' || count(since) || ' ' || min(note) FROM archive.orders) AS orders,
             (SELECT count(*)::int FROM archive.customers) AS customers, (SELECT max(id) FROM archive.parts) AS parts,
             (SELECT count(*)::int FROM archive.lines) AS lines, (SELECT count(*)::int FROM archive.open) AS open,
             obj_description('archive.orders'::regclass) AS comment,
             (SELECT relacl::text LIKE '%=r/%' AND relacl::text NOT LIKE '%,=a%' FROM pg_class WHERE oid = 'archive.orders'::regclass) AS granted,
             to_regclass('archive.own_index') IS NOT NULL AS own, to_regclass('archive.by_note') IS NULL AS not_made,
             (SELECT confdeltype FROM pg_constraint WHERE conname = 'orders_customer_fkey') AS key,
             (SELECT last_value FROM archive.orders_id_seq) AS last`),
  ).toEqual([
    {
      ...{ orders: '50 50 n', customers: '50', parts: '50', lines: '50', open: '50', comment: 'the owner says' },
      ...{ granted: 't', own: 't', not_made: 't', key: 'c', last: '70' },
    },
  ])
  const objects = report.databases[0]?.objects ?? []
  expect(JSON.stringify(objects)).toContain('its table stands on the destination without it')
})

test('replace drops the tables that are named, with what stands upon them, and makes them as on the source, once', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), SOURCE)
  const destination = await createDatabase(
    await otherServer15(),
    `CREATE SCHEMA legacy; CREATE TYPE legacy.state AS ENUM ('new', 'sent');
     CREATE TABLE legacy.customers (other text UNIQUE); INSERT INTO legacy.customers VALUES ('old');
     CREATE TABLE legacy.orders (id serial PRIMARY KEY, state legacy.state);
     CREATE TABLE legacy.lines (orders int REFERENCES legacy.orders); CREATE INDEX by_note ON legacy.orders (state);
     INSERT INTO legacy.orders SELECT g FROM generate_series(1, 70) g; INSERT INTO legacy.lines VALUES (70);
     CREATE TABLE legacy.parts (id int, day int) PARTITION BY LIST (day); CREATE TABLE legacy.parts_9 PARTITION OF legacy.parts FOR VALUES IN (9);
     INSERT INTO legacy.parts VALUES (9, 9)`,
  )
  const replaced = ['customers', 'orders', 'lines', 'parts']
  const wanted = Object.fromEntries(replaced.map((name) => [`legacy.${name}`, { conflicts: 'replace' as const }]))
  const databases = [{ name: source.name, as: destination.name, tables: wanted }]
  const task = { name: 'replaces-tables', databases, precheck: { acknowledge: ['DST_ROWS_GIVE_WAY'] } }
  // A start that ends behind the objects leaves nothing for the next one to drop.
  const error = { kind: 'other' as const, code: 'TEST_STOP', message: 'stopped by the test', remedy: 'none' }
  const cut = await migrate(source, destination, task, ({ step }, handler) =>
    step === 'CreateObjectsFunction'
      ? async (event, context) => ({ ...(await handler(event, context)), verdict: 'failed' as const, error })
      : handler,
  )
  expect(cut.outcome.exitStatus).toBe(1)
  const oids = () =>
    destination.query(`SELECT 'legacy.orders'::regclass::oid::text || 'legacy.lines'::regclass::oid AS oids`)
  const made = await oids()
  const { outcome } = await migrate(source, destination, task)
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await oids()).toEqual(made)
  expect(
    await destination.query(`
      SELECT (SELECT count(*)::int || ' ' || min(note) FROM legacy.orders) AS orders, (SELECT count(*)::int FROM legacy.customers) AS customers,
             (SELECT count(*)::int FROM legacy.lines WHERE place = 1) AS lines, (SELECT count(*)::int FROM legacy.parts) AS parts,
             pg_get_indexdef('legacy.by_note'::regclass) AS index, (SELECT last_value FROM legacy.orders_id_seq) AS last`),
  ).toEqual([
    {
      ...{ orders: '50 n', customers: '50', lines: '50', parts: '50', last: '50' },
      index: 'CREATE INDEX by_note ON legacy.orders USING btree (note)',
    },
  ])
})
