import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import type { TaskInput } from '../../../lambdas/core/task/task.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { runWorkflow, sideOf } from '../../support/run.ts'
import {
  createDatabase,
  type ServerAddress,
  sharedServer,
  startTestServer,
  type TestDatabase,
} from '../../support/servers.ts'

/** Every way in which rows are told from each other, or are not. */
const SCHEMA = `
  CREATE TABLE bare (a int, b text, j json, f float8, c char(5), big text, g int GENERATED ALWAYS AS (a + 1) STORED);
  ALTER TABLE bare ALTER big SET STORAGE EXTERNAL;
  CREATE TYPE place AS (street text, "No." int);
  CREATE DOMAIN home AS place;
  CREATE TABLE whole (a int, b text[], p place);
  ALTER TABLE whole REPLICA IDENTITY FULL;
  CREATE TABLE mute (a int);
  ALTER TABLE mute REPLICA IDENTITY NOTHING;
  CREATE TABLE mute_keyed (id int PRIMARY KEY, v text);
  ALTER TABLE mute_keyed REPLICA IDENTITY NOTHING;
  CREATE TABLE late (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v text);
  CREATE TABLE made (a int, id int GENERATED ALWAYS AS (a * 2) STORED PRIMARY KEY);
  CREATE TABLE only_unique (v text, "u ""1" int NOT NULL UNIQUE);
  CREATE TABLE by_index (id int PRIMARY KEY, u int NOT NULL, v text);
  CREATE UNIQUE INDEX its_own ON by_index (u) INCLUDE (v);
  ALTER TABLE by_index REPLICA IDENTITY USING INDEX its_own;
  CREATE TABLE numbered (k text PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY, p place, h home, v text, big text);
  ALTER TABLE numbered ALTER big SET STORAGE EXTERNAL;
  CREATE TABLE only_number (k int PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY);
  CREATE TABLE long_key (url text PRIMARY KEY, hits int);
  ALTER TABLE long_key ALTER url SET STORAGE EXTERNAL;
  INSERT INTO numbered (k, p, h, v, big) SELECT n, ROW('s', n)::place, ROW('h', n)::place, 'v', repeat('z', 3000) FROM generate_series(1, 9) n;
  INSERT INTO only_number (k) SELECT n FROM generate_series(1, 9) n;
  INSERT INTO long_key VALUES (repeat('u', 2600), 1);
  INSERT INTO bare SELECT n % 5, 'b', '{"a" : 1}', '-0', 'é', repeat(md5('x'), 200) FROM generate_series(1, 50) n;
  INSERT INTO bare SELECT FROM generate_series(1, 3);
  INSERT INTO whole SELECT n % 3, ARRAY[NULL, 'NULL', '"{}\\'] FROM generate_series(1, 30) n;
  INSERT INTO mute SELECT 1 FROM generate_series(1, 9);
  INSERT INTO mute_keyed SELECT n, 'v' FROM generate_series(1, 9) n;
  INSERT INTO late SELECT n, 'v' FROM generate_series(1, 20) n;
  INSERT INTO made SELECT n FROM generate_series(1, 9) n;
  INSERT INTO only_unique SELECT 'v', n FROM generate_series(1, 9) n;
  INSERT INTO by_index SELECT n, -n, 'v' FROM generate_series(1, 9) n;`

const TABLES = [
  'bare',
  'whole',
  'mute',
  'mute_keyed',
  'late',
  'made',
  'only_unique',
  'by_index',
  'numbered',
  'only_number',
  'long_key',
]
/** What they are called on the destination, where that is another name. */
const THERE: Readonly<Record<string, string>> = { mute_keyed: 'other.named', bare: 'other.bare' }

const CHANGES = [
  // One of many that are alike, and one that is made alike and gone again.
  `DELETE FROM bare WHERE ctid = (SELECT min(ctid) FROM bare WHERE a = 1)`,
  `UPDATE bare SET a = 7 WHERE ctid IN (SELECT ctid FROM bare WHERE a = 2 LIMIT 2)`,
  `BEGIN; UPDATE bare SET f = 0 WHERE a = 7; DELETE FROM bare WHERE ctid = (SELECT max(ctid) FROM bare WHERE a = 7); INSERT INTO bare (a) VALUES (7); COMMIT`,
  `DELETE FROM bare WHERE ctid = (SELECT min(ctid) FROM bare WHERE a IS NULL)`,
  `UPDATE whole SET b[2] = 'x' WHERE ctid = (SELECT min(ctid) FROM whole)`,
  `BEGIN; DELETE FROM whole WHERE a = 1; TRUNCATE whole; INSERT INTO whole VALUES (5, '{}', ROW('"x, y"', NULL)::place), (5, '{}', ROW(NULL, NULL)::place); DELETE FROM whole WHERE ctid = (SELECT min(ctid) FROM whole); COMMIT`,
  `UPDATE mute SET a = 2 WHERE ctid = (SELECT min(ctid) FROM mute)`,
  `UPDATE mute_keyed SET v = 'w' WHERE id = 1; DELETE FROM mute_keyed WHERE id = 2; UPDATE mute_keyed SET id = 20 WHERE id = 3`,
  `UPDATE late SET id = id + 1; DELETE FROM late WHERE id = 5`,
  `UPDATE made SET a = a + 1 WHERE a = 9; DELETE FROM made WHERE a = 2`,
  `UPDATE only_unique SET v = 'w' WHERE "u ""1" = 1; UPDATE only_unique SET "u ""1" = 50 WHERE "u ""1" = 2; DELETE FROM only_unique WHERE "u ""1" = 3`,
  `UPDATE numbered SET n = DEFAULT WHERE k = '1'; UPDATE numbered SET n = DEFAULT, v = 'w' WHERE k IN ('2', '3'); UPDATE numbered SET v = 'w', p = ROW('a, "b"', 7) WHERE k = '4'; INSERT INTO numbered (k, p, h) VALUES ('new', ROW('', 1), NULL);
   UPDATE numbered SET k = 'five' WHERE k = '5'; UPDATE numbered SET k = 'six', n = DEFAULT WHERE k = '6'`,
  `UPDATE only_number SET n = DEFAULT WHERE k = 1; UPDATE only_number SET k = 20 WHERE k = 2`,
  `UPDATE long_key SET hits = hits + 1`,
  `UPDATE by_index SET u = 50 WHERE id = 1; UPDATE by_index SET id = 70 WHERE id = 2; DELETE FROM by_index WHERE id = 3`,
]

const identities = (database: TestDatabase, called = THERE) =>
  database.query(
    `SELECT w.name, c.relreplident AS identity, (SELECT x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident) AS index
       FROM unnest('{${TABLES.join()}}'::text[], '{${TABLES.map((name) => called[name] ?? name).join()}}'::text[]) AS w(name, there)
       JOIN pg_class c ON c.oid = w.there::regclass ORDER BY 1`,
  )
const contents = (database: TestDatabase, called: typeof THERE) =>
  Promise.all(TABLES.map((name) => database.query(`SELECT t::text AS row FROM ${called[name] ?? name} t ORDER BY 1`)))
const leftOn = (source: TestDatabase) =>
  source.query(
    `SELECT slot_name FROM pg_replication_slots WHERE database = current_database() UNION ALL SELECT pubname FROM pg_publication`,
  )

let server: ServerAddress
beforeAll(async () => {
  server = await startTestServer({ major: 15, settings: { wal_level: 'logical' } })
})

test('rows without a key are followed too, where the task agrees to other identities on the source, which are put back', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const source = await createDatabase(server, SCHEMA)
  const destination = await createDatabase(sharedServer(15))
  const task: TaskInput = {
    ...{ name: `keyless-${randomBytes(4).toString('hex')}`, mode: 'follow', follow: {} },
    ...{ source: sideOf(source.connection), destination: sideOf(destination.connection) },
    databases: [
      {
        ...{ name: source.name, as: destination.name },
        tables: {
          'public.mute_keyed': { as: 'other.named', columns: { id: { as: 'number' }, v: { as: 'value' } } },
          'public.bare': { as: 'other.bare' },
        },
      },
    ],
  }
  const before = await identities(source, {})
  expect((await runWorkflow(task, await temporaryDirectory())).error).toMatchObject({ code: 'PrecheckRefused' })
  expect(await leftOn(source)).toEqual([])

  const agreed = { ...task, precheck: { acknowledge: ['FOLLOW_CHANGES_IDENTITY'] } }
  const running = runWorkflow(agreed, await temporaryDirectory())
  let over = false
  running.finally(() => {
    over = true
  })
  const until = async (sql: string) => {
    while ((await destination.query(sql).catch(() => [])).length === 0 && !over) await sleep(100)
  }
  await until(`SELECT 1 FROM sampan.event WHERE code = 'FOLLOW_CAUGHT_UP'`)
  expect((await identities(source, {})).map(({ name, identity }) => `${name} ${identity}`)).toEqual([
    'bare f',
    'by_index i',
    'late f',
    'long_key d',
    'made f',
    'mute f',
    'mute_keyed d',
    'numbered d',
    'only_number d',
    'only_unique i',
    'whole f',
  ])
  for (const change of CHANGES) await source.query(change)
  await destination.query('UPDATE sampan.stream SET cutover_at = now()')
  expect((await running).error).toBeNull()
  expect(await contents(destination, THERE)).toEqual(await contents(source, {}))
  expect(await identities(source, {})).toEqual(before)
  expect(await identities(destination)).toEqual(before)
  expect(await leftOn(source)).toEqual([])
  expect(await destination.query(`SELECT code FROM sampan.event WHERE code ~ 'CHANGED|RENEWED|PLANNED_ANEW'`)).toEqual(
    [],
  )
})
