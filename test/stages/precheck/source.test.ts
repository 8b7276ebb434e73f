import { beforeAll, describe, expect, test, vi } from 'vitest'
import { longerThan } from '../../../lambdas/stages/precheck/checks/long-transactions.ts'
import { statementsLongerThan } from '../../../lambdas/stages/precheck/checks/source-load.ts'
import { createDatabase, oldestServer, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { blocking, itemFor, itemOf, precheck } from './prechecks.ts'

let destination: TestDatabase

beforeAll(async () => {
  destination = await createDatabase(sharedServer(18))
})

async function precheckOfSource(sql: string, options: Parameters<typeof precheck>[2] = {}, major: 15 | 18 = 15) {
  const source = await createDatabase(sharedServer(major), sql)
  return precheck(source, destination, options)
}

async function itemOfSource(code: string, sql: string, options: Parameters<typeof itemFor>[3] = {}) {
  return itemFor(code, await createDatabase(sharedServer(15), sql), destination, options)
}

/** What the source may hold, the code that tells of it, and how it is told. */
const planted: readonly [code: string, level: 'warning' | 'info', sql: string, details: readonly string[]][] = [
  ['TABLES_WITHOUT_KEY', 'info', 'CREATE TABLE bare (a int); CREATE TABLE keyed (a int PRIMARY KEY)', ['public.bare']],
  ['UNLOGGED_TABLES', 'info', 'CREATE UNLOGGED TABLE "My Scratch" (a int PRIMARY KEY)', ['public."My Scratch"']],
  [
    'FOREIGN_TABLES',
    'info',
    `CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE far (a int) SERVER s`,
    ['public.far'],
  ],
  ['LARGE_OBJECTS', 'info', `SELECT lo_from_bytea(0, 'x')`, []],
  ['PUBLICATIONS', 'info', 'CREATE PUBLICATION everything FOR ALL TABLES', ['everything']],
  [
    'EVENT_TRIGGERS',
    'info',
    `CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
     CREATE EVENT TRIGGER watch_ddl ON ddl_command_end EXECUTE FUNCTION watch()`,
    ['watch_ddl'],
  ],
  [
    'INDEXES_INVALID',
    'info',
    `CREATE TABLE t (a int PRIMARY KEY, b int); CREATE INDEX half ON t (b);
     UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'half'::regclass`,
    ['half of public.t'],
  ],
  [
    'REG_COLUMNS',
    'warning',
    'CREATE TABLE t (a int PRIMARY KEY, which regclass, several regtype[], plain oid)',
    ['public.t.several, regtype[]', 'public.t.which, regclass'],
  ],
  [
    'EXTENSION_ROWS',
    'warning',
    // What the script of an extension does by pg_extension_config_dump.
    `CREATE EXTENSION hstore; CREATE TABLE jobs (a int, mine boolean); CREATE TABLE empty (a int);
     ALTER EXTENSION hstore ADD TABLE jobs; ALTER EXTENSION hstore ADD TABLE empty; INSERT INTO jobs VALUES (1, true);
     CREATE TABLE added AS SELECT 1 AS a; CREATE TABLE added_empty (a int);
     ALTER EXTENSION hstore ADD TABLE added; ALTER EXTENSION hstore ADD TABLE added_empty;
     UPDATE pg_extension SET extconfig = ARRAY['jobs'::regclass::oid, 'empty'::regclass::oid],
       extcondition = ARRAY['WHERE mine', ''] WHERE extname = 'hstore'`,
    [
      'public.added of hstore, no configuration',
      'public.jobs of hstore, CREATE EXTENSION does not make it on the destination',
    ],
  ],
  [
    'COMPUTED_ANEW',
    'warning',
    `CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
     CREATE TEXT SEARCH CONFIGURATION mine (COPY = simple);
     CREATE TABLE t (a int PRIMARY KEY, g int GENERATED ALWAYS AS (f(a)) STORED, h int GENERATED ALWAYS AS (a + 1) STORED,
       d int DEFAULT f(1), t text, en tsvector GENERATED ALWAYS AS (to_tsvector('english', t)) STORED,
       m tsvector GENERATED ALWAYS AS (setweight(to_tsvector('public.mine', t), 'A')) STORED,
       s tsvector GENERATED ALWAYS AS (to_tsvector('simple', t)) STORED, two text GENERATED ALWAYS AS (t || 'x') STORED,
       up text GENERATED ALWAYS AS (upper(t COLLATE "C")) STORED)`,
    [
      'public.t.en, by text search (to_tsvector: english)',
      'public.t.g, by function public.f(integer)',
      'public.t.m, by text search (to_tsvector: public.mine)',
    ],
  ],
  [
    'COLUMN_ORDER',
    'info',
    `CREATE TABLE parent (a int PRIMARY KEY); CREATE TABLE child (own text, PRIMARY KEY (a)) INHERITS (parent);
     CREATE TABLE kept (own text, PRIMARY KEY (a)) INHERITS (parent); ALTER TABLE parent ADD COLUMN late int;
     ALTER TABLE kept NO INHERIT parent`,
    ['public.child: a, late, own'],
  ],
  [
    'C_FUNCTIONS',
    'warning',
    `CREATE FUNCTION plus(int, int) RETURNS int LANGUAGE internal AS 'int4pl';
     CREATE FUNCTION comes(int, int) RETURNS int LANGUAGE internal AS 'int4pl';
     CREATE VIEW uses_it AS SELECT plus(1, 2); UPDATE pg_proc SET prosrc = 'gone' WHERE proname = 'plus'`,
    [
      'public.plus(integer, integer), language internal, used by rule _RETURN on view public.uses_it: there is no built-in function named "gone"',
    ],
  ],
  [
    'EXTENSION_AWS_ONLY',
    'warning',
    // No server outside of AWS has it: its line in the catalogue is what the check looks at.
    `INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
     VALUES (99999, 'aws_s3', 10, 'public'::regnamespace, false, '1.1')`,
    ['aws_s3'],
  ],
]

describe('what the source holds', () => {
  test.each(planted)('%s is told as %s', async (code, level, sql, details) => {
    const item = await itemOfSource(code, sql)
    expect(item).toMatchObject({ status: 'failed', level, blocks: level === 'warning', side: 'source' })
    expect(item.details).toEqual(details)
  })

  test('a plain table is nothing to speak of: only the version differs', async () => {
    const document = await precheckOfSource('CREATE TABLE t (a int PRIMARY KEY, b text); CREATE SEQUENCE s')
    for (const [code] of planted) expect(itemOf(document, code).status).toBe('passed')
    expect(blocking(document)).toEqual(['DST_VERSION_DIFFERS'])
  })

  test('rows of a table whose columns come in another order are ROW_TYPE_ORDER; left out they are none', async () => {
    const sql = `CREATE TABLE parent (a int); CREATE TABLE child (own int) INHERITS (parent);
      ALTER TABLE parent ADD COLUMN late int; CREATE TABLE holder (arr child[], g child)`
    const source = await createDatabase(sharedServer(15), sql)
    const details = ['public.holder.arr, rows of public.child', 'public.holder.g, rows of public.child']
    const item = await itemFor('ROW_TYPE_ORDER', source, destination)
    expect(item).toMatchObject({ status: 'failed', level: 'error', blocks: true, details })
    const without = await precheck(source, destination, { exclude: ['public.holder'] })
    expect(itemOf(without, 'ROW_TYPE_ORDER').status).toBe('passed')
  })

  test('letters that a library decides are COMPUTED_ANEW where its versions are not the same', async () => {
    const sql = `CREATE COLLATION nameless (PROVIDER = icu, LOCALE = 'en'); CREATE TABLE t (a text,
      b text GENERATED ALWAYS AS (upper(a COLLATE nameless)) STORED, c text GENERATED ALWAYS AS (lower(a COLLATE "en-x-icu")) STORED)`
    const source = await createDatabase(sharedServer(15), sql)
    // The destination does not know the one; of the other both have the version of one library, or it is named.
    const { details } = await itemFor('COMPUTED_ANEW', source, destination)
    expect(details).toContainEqual(
      expect.stringMatching(/^public\.t\.b, by upper by the collation nameless \(.*, unknown there\)$/),
    )
  })

  test('subscriptions are told', async () => {
    const source = await createDatabase(
      sharedServer(15),
      `CREATE SUBSCRIPTION follower CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
    )
    const item = await itemFor('SUBSCRIPTIONS', source, destination)
    expect(item).toMatchObject({ status: 'failed', level: 'info', details: ['follower'] })
    // It would keep the database from being dropped.
    await source.query('DROP SUBSCRIPTION follower')
    expect((await itemFor('SUBSCRIPTIONS', source, destination)).status).toBe('passed')
  })

  test('what lies in a tablespace of its own is told as TABLESPACES_LOST', async () => {
    const source = await createDatabase(sharedServer(15))
    const client = await source.connect()
    await client.query('SET allow_in_place_tablespaces = on')
    await client.query(`CREATE TABLESPACE precheck_fast LOCATION ''`)
    try {
      await client.query('CREATE TABLE t (a int) TABLESPACE precheck_fast; CREATE INDEX t_a ON t (a)')
      const item = await itemFor('TABLESPACES_LOST', source, destination)
      expect(item).toMatchObject({ status: 'failed', level: 'info', details: ['public.t in precheck_fast'] })
    } finally {
      await client.query('DROP TABLE IF EXISTS t')
      await client.query('DROP TABLESPACE precheck_fast')
    }
  })

  test('tables WITH OIDS of an old server are told as TABLES_WITH_OIDS', async () => {
    const sql = 'CREATE TABLE bare (a int PRIMARY KEY); CREATE TABLE hidden (a int PRIMARY KEY) WITH OIDS'
    const source = await createDatabase(await oldestServer(), sql)
    const item = await itemFor('TABLES_WITH_OIDS', source, destination)
    expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true, details: ['public.hidden'] })
  }, 60_000)

  test('rows that an extension has brought itself are none of the user’s', async () => {
    const sql = `CREATE EXTENSION hstore; CREATE TABLE jobs (mine boolean); ALTER EXTENSION hstore ADD TABLE jobs;
      INSERT INTO jobs VALUES (false);
      UPDATE pg_extension SET extconfig = ARRAY['jobs'::regclass::oid], extcondition = ARRAY['WHERE mine']
       WHERE extname = 'hstore'`
    expect((await itemOfSource('EXTENSION_ROWS', sql)).status).toBe('passed')
  })

  test('what is not chosen does not count', { tags: 'long' }, async () => {
    const sql = `CREATE SCHEMA aside; CREATE TABLE aside.bare (a int, which regclass); CREATE UNLOGGED TABLE aside.u (a int);
      CREATE FUNCTION aside.plus(int, int) RETURNS int LANGUAGE internal AS 'int4pl'; UPDATE pg_proc SET prosrc = 'gone' WHERE proname = 'plus';
      CREATE TABLE kept (a int PRIMARY KEY); SELECT lo_from_bytea(0, 'x'); CREATE PUBLICATION p FOR ALL TABLES`
    const codes = [
      'TABLES_WITHOUT_KEY',
      'UNLOGGED_TABLES',
      'REG_COLUMNS',
      'C_FUNCTIONS',
      'LARGE_OBJECTS',
      'PUBLICATIONS',
    ]
    const some = await precheckOfSource(sql, { include: ['public.*'] })
    for (const code of codes) expect(itemOf(some, code).status, code).toBe('passed')
    const all = await precheckOfSource(sql)
    for (const code of codes) expect(itemOf(all, code).status, code).toBe('failed')
  })

  test('members of extensions are not the user’s', async () => {
    const document = await precheckOfSource('CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm')
    expect(itemOf(document, 'C_FUNCTIONS').status).toBe('passed')
  })
})

describe('what is chosen', () => {
  test('a pattern that names nothing is an error that names the pattern', async () => {
    const options = { include: ['public.*', 'public.ordrs'], exclude: ['*.tmp_*'] }
    const item = await itemOfSource('FILTER_MATCHES_NOTHING', 'CREATE TABLE orders (a int PRIMARY KEY)', options)
    expect(item).toMatchObject({ status: 'failed', level: 'error', blocks: true })
    expect(item.details).toEqual(['public.ordrs', '*.tmp_*'])
    const good = { include: ['public.*', 'public.ord?rs'], exclude: ['*.tmp_*'] }
    const sql = 'CREATE TABLE orders (a int PRIMARY KEY); CREATE TABLE tmp_1 (a int)'
    expect((await itemOfSource('FILTER_MATCHES_NOTHING', sql, good)).status).toBe('passed')
  })

  test('foreign keys to tables that are left out are told', async () => {
    const sql = `CREATE TABLE parent (a int PRIMARY KEY);
      CREATE TABLE child (a int PRIMARY KEY, b int CONSTRAINT to_parent REFERENCES parent)`
    const item = await itemOfSource('FK_PARENT_NOT_SELECTED', sql, { include: ['public.child'] })
    expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    expect(item.details).toEqual(['to_parent of public.child, to public.parent'])
    expect((await itemOfSource('FK_PARENT_NOT_SELECTED', sql)).status).toBe('passed')
  })

  test('an earlier run’s ledger in the source is an error until it is excluded', async () => {
    const sql =
      'CREATE SCHEMA sampan; CREATE TABLE sampan.run (id text PRIMARY KEY); CREATE TABLE t (a int PRIMARY KEY)'
    const item = await itemOfSource('SRC_LEDGER_SCHEMA', sql)
    expect(item).toMatchObject({ status: 'failed', level: 'error', details: ['sampan.run'] })
    expect((await itemOfSource('SRC_LEDGER_SCHEMA', sql, { exclude: ['sampan.*'] })).status).toBe('passed')
  })
})

describe('what goes on in the source', () => {
  test('a table that is locked against reading is told with the session that holds it', async () => {
    const source = await createDatabase(sharedServer(15), 'CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (a int)')
    const client = await source.connect()
    await client.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE; LOCK TABLE u IN ACCESS SHARE MODE')
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
    const item = await itemFor('SRC_TABLES_LOCKED', source, destination)
    expect(item).toMatchObject({ status: 'failed', level: 'warning', details: [`public.t, by pid ${rows[0].pid}`] })
    await client.query('ROLLBACK')
    expect((await itemFor('SRC_TABLES_LOCKED', source, destination)).status).toBe('passed')
  })

  test('statements that take long and deadlocks are told, without their text', async () => {
    const source = await createDatabase(
      sharedServer(15),
      'CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t VALUES (1), (2)',
    )
    const only = [statementsLongerThan(0.5)]
    expect(itemOf(await precheck(source, destination, { only }), 'SRC_LONG_STATEMENTS').status).toBe('passed')
    expect((await itemFor('SRC_DEADLOCKS', source, destination)).status).toBe('passed')
    const [one, other] = [await source.connect(), await source.connect()]
    for (const client of [one, other]) await client.query("SET deadlock_timeout = '1500ms'; BEGIN")
    await one.query('UPDATE t SET b = 4711 WHERE a = 1')
    await other.query('UPDATE t SET b = 4711 WHERE a = 2')
    const waiting = [one.query('UPDATE t SET b = 4711 WHERE a = 2'), other.query('UPDATE t SET b = 4711 WHERE a = 1')]
    const settled = Promise.allSettled(waiting)
    await vi.waitFor(async () => {
      const item = itemOf(await precheck(source, destination, { only }), 'SRC_LONG_STATEMENTS')
      expect(item).toMatchObject({ status: 'failed', level: 'info', blocks: false })
      expect(item.details[0]).toMatch(/^pid \d+ of postgres, since \d{4}-/)
      expect(JSON.stringify(item)).not.toContain('4711')
    }, 10_000)
    expect((await settled).map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    // A session tells what it has counted when it is idle, and no more often than every second.
    for (const client of [one, other]) await client.query('ROLLBACK')
    await vi.waitFor(async () => {
      const item = await itemFor('SRC_DEADLOCKS', source, destination)
      expect(item).toMatchObject({ status: 'failed', level: 'info' })
      expect(item.cause).toContain('deadlock since')
    }, 10_000)
  })

  test('jobs of pg_cron and pgAgent are told by number and name, not by what they do', async () => {
    const sql = `CREATE SCHEMA cron; CREATE SCHEMA pgagent;
      CREATE TABLE cron.job (jobid bigint, schedule text, command text, database text, username text, active boolean);
      CREATE TABLE pgagent.pga_job (jobid int, jobname text, jobenabled boolean);
      INSERT INTO cron.job VALUES (1, '0 3 * * *', 'SELECT ''hush''', current_database(), 'postgres', true),
        (2, '0 4 * * *', '', current_database(), 'postgres', false), (3, '0 5 * * *', '', 'elsewhere', 'postgres', true);
      INSERT INTO pgagent.pga_job VALUES (7, 'nightly', true), (8, 'off', false)`
    const item = await itemOfSource('SRC_JOBS', sql)
    expect(item).toMatchObject({ status: 'failed', level: 'info', blocks: false })
    expect(item.details).toEqual(['pg_cron: job 1 of postgres, 0 3 * * *', 'pgAgent: job 7, nightly'])
    expect((await itemOfSource('SRC_JOBS', 'CREATE TABLE t (a int)')).status).toBe('passed')
  })

  test('a transaction that writes for long is told, one that only reads is not', async () => {
    const source = await createDatabase(sharedServer(15), 'CREATE TABLE t (a int)')
    const [writer, reader] = [await source.connect(), await source.connect()]
    await reader.query('BEGIN; SELECT * FROM t')
    const only = [longerThan(0)]
    expect(itemOf(await precheck(source, destination, { only }), 'SRC_LONG_TRANSACTIONS').status).toBe('passed')
    await writer.query('BEGIN; INSERT INTO t VALUES (1)')
    const item = itemOf(await precheck(source, destination, { only }), 'SRC_LONG_TRANSACTIONS')
    expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    expect(item.details[0]).toMatch(/^pid \d+ of postgres, since \d{4}-/)
    expect((await itemFor('SRC_LONG_TRANSACTIONS', source, destination)).status).toBe('passed')
    await writer.query('ROLLBACK')
  })
})

describe('a hostile source', () => {
  test('redefined operators, functions and a search_path of its own change no answer', async () => {
    const source = await createDatabase(
      sharedServer(15),
      `CREATE FUNCTION public.yes(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
       CREATE FUNCTION public.no(oid, oid) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
       CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = public.no);
       CREATE OPERATOR public.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = public.yes);
       CREATE FUNCTION public.join(text, "char") RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'joined'::text$$;
       CREATE OPERATOR public.|| (LEFTARG = text, RIGHTARG = "char", FUNCTION = public.join);
       CREATE FUNCTION public.count(text) RETURNS text LANGUAGE sql AS 'SELECT ''no''';
       CREATE FUNCTION public.current_database() RETURNS name LANGUAGE sql AS 'SELECT ''elsewhere''::name';
       CREATE TABLE public.pg_class (oid oid, relname text);
       CREATE TABLE public.pg_extension (extname text);
       CREATE DOMAIN public.oid AS text;
       CREATE TABLE public.bare (a int);
       DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); END $$`,
    )
    const document = await precheck(source, destination)
    expect(itemOf(document, 'TABLES_WITHOUT_KEY').details).toEqual([
      'public.bare',
      'public.pg_class',
      'public.pg_extension',
    ])
    expect(document.items.filter((item) => item.cause?.includes('_SQL_'))).toEqual([])
    expect(blocking(document)).toEqual(['DST_VERSION_DIFFERS'])
  })

  test('a database whose role and database settings cut sessions short is checked all the same', async () => {
    const source = await createDatabase(
      sharedServer(15),
      `CREATE TABLE t (a int PRIMARY KEY);
       DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = 40', current_database());
         EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
         EXECUTE format('ALTER DATABASE %I SET idle_session_timeout = 250', current_database()); END $$`,
    )
    expect(blocking(await precheck(source, destination))).toEqual(['DST_VERSION_DIFFERS'])
  })
})
