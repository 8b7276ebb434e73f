import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { summaryText } from '../../../cli/summary/summary.ts'
import { sampan } from '../../cli/in-process.ts'
import { createDatabase, otherServer15, sharedServer } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'

const TABLES = `
  CREATE TYPE state AS ENUM ('new', 'sent');
  CREATE TABLE customers (id int PRIMARY KEY, email text UNIQUE, note text);
  CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int REFERENCES customers, state state,
                       twice int GENERATED ALWAYS AS (customer * 2) STORED);
  CREATE TABLE parts (id int, day int, note text, PRIMARY KEY (id, day)) PARTITION BY LIST (day);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1); CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
  CREATE TABLE moods (id int, state state, note text, PRIMARY KEY (id, state)) PARTITION BY HASH (state);
  CREATE TABLE moods_0 PARTITION OF moods FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE moods_1 PARTITION OF moods FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  CREATE TABLE "Odd" ("Key" numeric, "a.b" int CHECK ("a.b" > 0), hash text, d text, UNIQUE ("Key"));
  ALTER TABLE "Odd" ALTER "Key" SET NOT NULL;`

const SOURCE = `${TABLES}
  CREATE TABLE fresh (id int PRIMARY KEY);
  INSERT INTO customers SELECT g, 'c' || g || '@x', 'n' FROM generate_series(1, 100) g;
  INSERT INTO orders (customer, state) SELECT g, 'new' FROM generate_series(1, 100) g;
  INSERT INTO parts SELECT g, 1 + g % 2, 'n' FROM generate_series(1, 100) g;
  INSERT INTO "Odd" SELECT g, g, 'h', 'd' FROM generate_series(1, 100) g;
  INSERT INTO moods SELECT g, CASE WHEN g % 2 = 0 THEN 'new'::state ELSE 'sent' END, 'n' FROM generate_series(1, 100) g;
  INSERT INTO fresh SELECT generate_series(1, 100)`

/** Some the same, some others under the same key, one that holds another unique value, some of the owner's alone. */
const DESTINATION = `${TABLES}
  INSERT INTO customers SELECT g, 'c' || g || '@x', 'n' FROM generate_series(1, 10) g;
  INSERT INTO customers SELECT g, 'c' || g || '@x', 'theirs' FROM generate_series(11, 15) g;
  INSERT INTO customers VALUES (1000, 'own@x', 'own'), (1001, 'c50@y', 'own');
  INSERT INTO orders (customer, state) SELECT 1000, 'sent' FROM generate_series(1, 3);
  INSERT INTO parts VALUES (1, 2, 'n'), (2, 1, 'theirs'), (7777, 2, 'own');
  INSERT INTO moods VALUES (1, 'sent', 'n'), (2, 'new', 'theirs'), (3, 'new', 'own');
  INSERT INTO "Odd" VALUES (1.0, 1, 'h', 'd'), (2, 2, 'h', 'd')`

test('with ignore the destination’s rows stay, and rows of the source come whose key is not there', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), SOURCE)
  const destination = await createDatabase(await otherServer15(), DESTINATION)
  const before = await destination.query('SELECT customers::text FROM customers ORDER BY id')
  const databases = [{ name: source.name, as: destination.name }]
  const task = { name: 'comes-beside', conflicts: 'ignore' as const, databases }
  const { outcome, report } = await migrate(source, destination, task)
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  const after = (await destination.query('SELECT customers::text FROM customers ORDER BY id')).map(String)
  expect(before.every((row) => after.includes(String(row)))).toBe(true)
  expect(
    await destination.query(`
      SELECT (SELECT count(*) || ' ' || count(*) FILTER (WHERE note = 'theirs') FROM customers) AS customers,
             (SELECT count(*) || ' ' || count(*) FILTER (WHERE customer = 1000) || ' ' || sum(twice) FROM orders) AS orders,
             (SELECT count(*) || ' ' || count(*) FILTER (WHERE note <> 'n') FROM parts) AS parts,
             (SELECT count(*) || ' ' || sum("Key") FROM "Odd") AS odd, (SELECT count(*) FROM fresh) AS fresh`),
  ).toEqual([{ customers: '102 5', orders: '100 3 16088', parts: '101 2', odd: '100 5050.0', fresh: '100' }])
  const tables = report.databases[0]?.tables ?? []
  const beside = Object.fromEntries(tables.map(({ table, match, beside: found }) => [table, [match, found]]))
  expect(beside).toMatchObject({
    customers: [true, { inserted: 85, equal: 10, different: 5, others: 2 }],
    orders: [true, { inserted: 97, equal: 0, different: 3, others: 0 }],
    parts_1: [true, { inserted: 49, equal: 0, different: 1, others: 0 }],
    parts_2: [true, { inserted: 49, equal: 1, different: 0, others: 1 }],
    moods: [true, { inserted: 98, equal: 1, different: 1, others: 1 }],
    Odd: [true, { inserted: 98, equal: 1, different: 1, others: 0 }],
    fresh: [true, null],
  })
  expect(stripVTControlCharacters(summaryText(report, 1))).toContain(
    'beside      476 rows came, 13 stood there the same, 11 stood there otherwise and stay, beside 4 that the source does not have: ',
  )
})

test('what somebody deletes of rows that came is brought again by the next start, what he has changed stays, and a repair leaves the table alone', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const table = 'CREATE TABLE notes (id int PRIMARY KEY, note text)'
  const source = await createDatabase(
    sharedServer(15),
    `${table}; INSERT INTO notes SELECT g, 'n' FROM generate_series(1, 100) g`,
  )
  const destination = await createDatabase(
    await otherServer15(),
    `${table}; INSERT INTO notes VALUES (3, 'n'), (4, 'theirs'), (1000, 'own')`,
  )
  const databases = [{ name: source.name, as: destination.name }]
  const task = { name: 'owner-writes', conflicts: 'ignore' as const, databases }
  const meanwhile = await migrate(source, destination, task, ({ step, call }, handler) => async (event, context) => {
    if (step === 'PlanValidationFunction' && call === 1) {
      await destination.query(
        `DELETE FROM notes WHERE id = 7; UPDATE notes SET note = 'changed' WHERE id = 8; INSERT INTO notes VALUES (2000, 'later')`,
      )
    }
    return handler(event, context)
  })
  expect(meanwhile.outcome).toMatchObject({ exitStatus: 1, error: { code: 'VALIDATION_DIFFERS' } })
  // Never what would cost the owner his rows.
  expect(meanwhile.outcome.error?.remedy).toContain('leave these tables as they are')
  expect(meanwhile.outcome.error?.remedy).not.toMatch(/TRUNCATE|DROP/)
  const again = await migrate(source, destination, task)
  expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(again.report.databases[0]?.tables[0]).toMatchObject({
    match: true,
    beside: { inserted: 97, equal: 1, different: 2, others: 2 },
  })
  const rows = `SELECT count(*) AS rows, string_agg(note, ' ' ORDER BY id) FILTER (WHERE note <> 'n') AS others FROM notes`
  const expected = [{ rows: '102', others: 'theirs changed own later' }]
  expect(await destination.query(rows)).toEqual(expected)
  const file = join(again.directory, 'task.json')
  await writeFile(file, JSON.stringify(again.input))
  const repair = await sampan(
    'compare',
    file,
    '--out',
    join(again.directory, 'repair'),
    '--settle',
    '0',
    '--quiet',
    '--repair',
    task.name,
  )
  expect(repair).toMatchObject({ status: 1 })
  expect(`${repair.stdout}${repair.stderr}`).toContain('REPAIR_BESIDE')
  expect(await destination.query(rows)).toEqual(expected)
})
