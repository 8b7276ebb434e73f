import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reportSchema } from '../../../lambdas/stages/report/model.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { untilFound } from '../../support/hold.ts'
import { runWorkflow, sideOf } from '../../support/run.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const BEFORE = `
  CREATE TABLE truncated (id serial PRIMARY KEY, v text);
  CREATE TABLE refilled (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
  CREATE TABLE restarted (id serial PRIMARY KEY, v text);
  CREATE TABLE set_back (id serial PRIMARY KEY, v text);
  CREATE TABLE turned (id serial PRIMARY KEY, v text);
  CREATE SEQUENCE shared_seq; CREATE DOMAIN number AS bigint; CREATE DOMAIN key AS number;
  CREATE TABLE shared_1 (id int DEFAULT nextval('shared_seq') PRIMARY KEY, v text);
  CREATE TABLE shared_2 (id key DEFAULT nextval('shared_seq') PRIMARY KEY, v text);
  CREATE SEQUENCE down_seq INCREMENT -1 MINVALUE -100000;
  CREATE TABLE down (id int DEFAULT nextval('down_seq') PRIMARY KEY, v text); ALTER SEQUENCE down_seq OWNED BY down.id;
  CREATE TABLE split (id bigserial, k int, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
  CREATE TABLE split_1 PARTITION OF split FOR VALUES IN (1);
  CREATE TABLE "Odd ""name" (id serial PRIMARY KEY, v text);
  INSERT INTO truncated (v) SELECT 'v' FROM generate_series(1, 300);
  INSERT INTO refilled (v) SELECT 'v' FROM generate_series(1, 300);
  INSERT INTO restarted (v) SELECT 'v' FROM generate_series(1, 300);
  INSERT INTO set_back (v) SELECT 'v' FROM generate_series(1, 300);
  INSERT INTO turned (v) SELECT 'v' FROM generate_series(1, 300);
  INSERT INTO shared_1 (v) SELECT 'v' FROM generate_series(1, 100);
  INSERT INTO shared_2 (v) SELECT 'v' FROM generate_series(1, 300);
  INSERT INTO down (v) SELECT 'v' FROM generate_series(1, 300);
  INSERT INTO split (k, v) SELECT 1, 'v' FROM generate_series(1, 300);
  INSERT INTO "Odd ""name" (v) SELECT 'v' FROM generate_series(1, 300);
  CREATE SEQUENCE unused_by_columns; SELECT setval('unused_by_columns', 700);
  CREATE SEQUENCE dropped; SELECT setval('dropped', 900, false);
  CREATE SEQUENCE lost START 42; CREATE SEQUENCE lost_used; CREATE TABLE lost_rows (id int DEFAULT nextval('lost_used'));
  INSERT INTO lost_rows SELECT nextval('lost_used') FROM generate_series(1, 30);
  CREATE SEQUENCE circle MAXVALUE 10 CYCLE; SELECT setval('circle', 9);
  CREATE SEQUENCE never_called START 5;
  CREATE TABLE quiet (id serial PRIMARY KEY, v text); INSERT INTO quiet VALUES (5000, 'by hand');
  CREATE TABLE busy (id serial PRIMARY KEY, v text); INSERT INTO busy (v) SELECT 'v' FROM generate_series(1, 50);`

const MEANWHILE = `
  TRUNCATE truncated, shared_1, shared_2, down, split, "Odd ""name" RESTART IDENTITY;
  ALTER SEQUENCE shared_seq RESTART;
  TRUNCATE refilled RESTART IDENTITY; INSERT INTO refilled (v) SELECT 'new' FROM generate_series(1, 7);
  ALTER SEQUENCE restarted_id_seq RESTART WITH 20; SELECT setval('set_back_id_seq', 30);
  ALTER SEQUENCE turned_id_seq INCREMENT -1 MINVALUE -1000; SELECT nextval('turned_id_seq');
  ALTER SEQUENCE unused_by_columns RESTART; DROP SEQUENCE dropped;
  SELECT nextval('circle'), nextval('circle');
  INSERT INTO busy (v) SELECT 'v' FROM generate_series(1, 50);`

const COLUMNS: Record<string, string> = { split: 'k, v', refilled: 'v' }

test('a sequence that went back on the source behind the copy stays ahead of the rows, all others stand as on the source', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), BEFORE)
  const destination = await createDatabase(sharedServer(15))
  const directory = await temporaryDirectory()
  const outcome = await runWorkflow(
    {
      name: `test-${randomBytes(4).toString('hex')}`,
      source: sideOf(source.connection),
      destination: sideOf(destination.connection),
      databases: [{ name: source.name, as: destination.name }],
      lanes: 1,
    },
    directory,
    (which, handler) => async (event, context) => {
      // Behind the view, and before the first lane looks where they stand.
      if (which.step === 'CopyLaneFunction' && which.call === 1) {
        await untilFound(destination, 'SELECT FROM sampan.snapshot')
        await source.query('DROP SEQUENCE lost; DROP SEQUENCE lost_used CASCADE')
      }
      const answer = await handler(event, context)
      if (which.step === 'LinkObjectsFunction' && which.call === 1) await source.query(MEANWHILE)
      return answer
    },
  )
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })

  const stands = (names: string) =>
    destination.query(
      names
        .split(' ')
        .map((name) => `SELECT last_value, is_called FROM ${name}`)
        .join(' UNION ALL '),
    )
  expect(await stands('unused_by_columns')).toEqual([{ last_value: '700', is_called: 't' }])
  expect(await stands('dropped')).toEqual([{ last_value: '900', is_called: 'f' }])
  expect(await stands('lost lost_used')).toEqual([
    { last_value: '42', is_called: 'f' },
    { last_value: '30', is_called: 't' },
  ])
  expect(await stands('circle')).toEqual([{ last_value: '1', is_called: 't' }])
  expect(await stands('never_called')).toEqual([{ last_value: '5', is_called: 'f' }])
  expect(await stands('quiet_id_seq')).toEqual([{ last_value: '1', is_called: 'f' }])
  expect(await stands('busy_id_seq')).toEqual([{ last_value: '100', is_called: 't' }])

  const next: Record<string, unknown> = {}
  for (const table of [
    'truncated',
    'refilled',
    'restarted',
    'set_back',
    'turned',
    'shared_1',
    'shared_2',
    'down',
    'split',
    '"Odd ""name"',
  ]) {
    const columns = COLUMNS[table] ?? 'v'
    const [row] = await destination.query(
      `INSERT INTO ${table} (${columns}) VALUES (${columns === 'v' ? '' : '1, '}'after') RETURNING id::text AS id`,
    )
    next[table] = row?.id
  }
  expect(next).toEqual({
    truncated: '301',
    refilled: '301',
    restarted: '301',
    set_back: '301',
    turned: '301',
    shared_1: '401',
    shared_2: '402',
    down: '-301',
    split: '301',
    '"Odd ""name"': '301',
  })

  const report = reportSchema.parse(JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')))
  const told = report.databases[0]?.events.filter(({ code }) => code === 'SEQUENCE_WENT_BACK') ?? []
  expect(told).toHaveLength(1)
  const named = told[0]?.message.split(': ')[1]?.split(', ').sort()
  expect(named).toEqual([
    'public.Odd "name_id_seq',
    'public.down_seq',
    'public.dropped',
    'public.lost',
    'public.lost_used',
    'public.refilled_id_seq',
    'public.restarted_id_seq',
    'public.set_back_id_seq',
    'public.shared_seq',
    'public.split_id_seq',
    'public.truncated_id_seq',
    'public.turned_id_seq',
    'public.unused_by_columns',
  ])
})
