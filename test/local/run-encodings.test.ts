import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  adoptDatabase,
  createDatabase,
  type ServerAddress,
  sharedServer,
  type TestDatabase,
} from '../support/servers.ts'
import { migrate } from '../support/whole-run.ts'

async function inEncoding(server: ServerAddress, encoding: string, sql = ''): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const beside = await createDatabase(server)
  await beside.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`)
  const database = adoptDatabase(server, name)
  if (sql !== '') await database.query(sql)
  return database
}

const retry = { connectionMinutes: 10, otherMinutes: 1 } as const

/** Hashed where they are stored: no conversion on the way. */
const BYTES = `SELECT md5(string_agg(md5(odd::text), ',' ORDER BY id)) AS bytes FROM odd`

test('texts that are no UTF-8 go from SQL_ASCII to SQL_ASCII byte by byte, and are compared', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const source = await inEncoding(
    sharedServer(15),
    'SQL_ASCII',
    `CREATE TYPE pair AS (x text);
     CREATE TABLE odd (id int PRIMARY KEY, a text, arr text[], p pair);
     INSERT INTO odd VALUES (1, E'\\xe9', ARRAY[E'\\xe4'], ROW(E'\\xff')), (2, E'\\xc3\\xa9', NULL, NULL)`,
  )
  const destination = await inEncoding(sharedServer(18), 'SQL_ASCII')
  const { outcome, report } = await migrate(source, destination, { retry })
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(report.databases[0]?.tables.map(({ match }) => match)).toEqual([true])
  expect(await destination.query(BYTES)).toEqual(await source.query(BYTES))
})

test('definitions in SQL_ASCII that are no UTF-8 are refused before anything is made, and may be excluded', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const source = await inEncoding(
    sharedServer(15),
    'SQL_ASCII',
    `CREATE TABLE plain (id int PRIMARY KEY); COMMENT ON TABLE plain IS E'\\xc3\\xa9';
     DO $$ BEGIN
       EXECUTE E'CREATE VIEW odd AS SELECT \\'\\xe9\\'::text AS x';
       EXECUTE E'CREATE TYPE label AS ENUM (\\'\\xff\\')';
       EXECUTE E'CREATE TABLE "t\\xe9" (id int)';
       EXECUTE format(E'COMMENT ON DATABASE %I IS \\'\\xe9\\'', current_database());
       PERFORM lo_create(7); EXECUTE E'COMMENT ON LARGE OBJECT 7 IS \\'\\xe9\\'';
     END $$`,
  )
  const destination = await inEncoding(sharedServer(15), 'SQL_ASCII')
  const made = `SELECT count(*)::int AS made FROM pg_class WHERE relnamespace = 'public'::regnamespace`
  const refused = await migrate(source, destination, { retry })
  const message = refused.report.databases[0]?.error?.message
  expect(message).toMatch(/^names or definitions of 5 objects have bytes that are no UTF-8: /)
  for (const name of [
    'type public.label',
    'view public.odd',
    'table public.t\uFFFD',
    'comment LARGE OBJECT 7',
    'comment DATABASE ',
  ]) {
    expect(message).toContain(name)
  }
  expect(await destination.query(made)).toEqual([{ made: '0' }])
  await source.query(
    `DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS NULL', current_database()); END $$; COMMENT ON LARGE OBJECT 7 IS NULL`,
  )
  const exclude = ['public.odd', 'public.t?', { kind: 'TYPE' as const, name: 'label' }]
  const databases = [{ name: source.name, as: destination.name, exclude }]
  const { outcome } = await migrate(source, destination, { name: 'without-odd', databases, retry })
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
})

test('a database of LATIN1 goes into one of LATIN1, which cannot write the marks of our own sentences', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const source = await inEncoding(
    sharedServer(15),
    'LATIN1',
    `CREATE TABLE odd (id int PRIMARY KEY, "ä" text);
     INSERT INTO odd VALUES (1, 'é'), (2, 'ß'), (3, '×'), (4, '·');
     ALTER TABLE odd ALTER "ä" SET DEFAULT '·';
     COMMENT ON TABLE odd IS 'Breite × Höhe';
     DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), 'left behind, with a reason'); END $$`,
  )
  const destination = await inEncoding(sharedServer(18), 'LATIN1')
  const databases = [
    { name: source.name, as: destination.name, tables: { 'public.odd': { where: `"ä" IN ('×', '·', 'é', 'ß')` } } },
  ]
  const { outcome, report } = await migrate(source, destination, { databases, retry })
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(report.databases[0]?.tables.map(({ match }) => match)).toEqual([true])
  expect(await destination.query(BYTES)).toEqual(await source.query(BYTES))
  const said = `SELECT obj_description('odd'::regclass), pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'odd'::regclass`
  expect(await destination.query(said)).toEqual(await source.query(said))
})
