import { beforeEach, describe, expect, test } from 'vitest'
import { migrateLedger } from '../../../lambdas/core/ledger/migrate.ts'
import { markPlanned, openRun, sealRun, taskFingerprint } from '../../../lambdas/core/ledger/run.ts'
import { openDestination } from '../../../lambdas/core/postgres/sessions.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { blocking, itemFor, itemOf, precheck } from './prechecks.ts'

const objects = `
  CREATE SCHEMA billing; CREATE TYPE billing.state AS ENUM ('new'); CREATE DOMAIN email AS text;
  CREATE TABLE orders (id serial PRIMARY KEY, note text); CREATE VIEW open_orders AS SELECT * FROM orders;
  CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM orders; CREATE SEQUENCE billing.ticket;
  CREATE FUNCTION net(numeric) RETURNS numeric LANGUAGE sql AS 'SELECT $1';
  CREATE TYPE floats AS RANGE (subtype = float8); CREATE TYPE pair AS (a int, b int);
  CREATE INDEX orders_note ON orders (note); SELECT lo_create(70001)`

let source: TestDatabase
let destination: TestDatabase

beforeEach(async () => {
  source = await createDatabase(sharedServer(15), objects)
  destination = await createDatabase(sharedServer(18))
})

async function conflicts(options: Parameters<typeof precheck>[2] = {}): Promise<readonly string[]> {
  const item = await itemFor('DST_OBJECTS_EXIST', source, destination, options)
  return item.status === 'passed' ? [] : item.details
}

describe('objects of the same names in the destination', () => {
  test('there are none in an empty one', async () => {
    expect(await conflicts()).toEqual([])
  })

  test.each([
    ['CREATE TABLE orders (other int)', ['table public.orders', 'table public.orders']],
    ['CREATE VIEW orders AS SELECT 1 AS one', ['view public.orders']],
    ['CREATE TABLE t (a int); CREATE INDEX orders ON t (a)', ['index public.orders']],
    [`CREATE TYPE orders AS ENUM ('a')`, ['type public.orders']],
    ['CREATE TABLE t (a int); CREATE INDEX orders_note ON t (a)', ['index public.orders_note']],
    [`CREATE SCHEMA billing; CREATE TYPE billing.state AS ENUM ('old')`, ['type billing.state']],
    ['CREATE DOMAIN email AS varchar', ['domain public.email']],
    ['CREATE TABLE email (a int)', ['table public.email']],
    ['CREATE SCHEMA billing; CREATE SEQUENCE billing.ticket', ['sequence billing.ticket']],
    ['CREATE SEQUENCE orders_id_seq', ['sequence public.orders_id_seq']],
    [`CREATE FUNCTION net(numeric) RETURNS text LANGUAGE sql AS 'SELECT ''x'''`, ['function public.net(numeric)']],
    ['CREATE TYPE floats AS RANGE (subtype = numeric)', ['type public.floats']],
    ['CREATE TYPE pair AS (x int)', ['type public.pair']],
    // Of the same id it would be overwritten, of another one the ends could not be equal.
    ['SELECT lo_create(70001); SELECT lo_create(70002)', ['large object 70001', 'large object 70002']],
  ])('%s is a conflict', { tags: 'long' }, async (sql, expected) => {
    await destination.query(sql)
    expect(await conflicts()).toEqual([...new Set(expected)])
    expect(blocking(await precheck(source, destination))).toContain('DST_OBJECTS_EXIST')
  })

  test.each([
    ['CREATE TABLE "Orders" (a int)'],
    ['CREATE SCHEMA aside; CREATE TABLE aside.orders (a int)'],
    [`CREATE FUNCTION net(text) RETURNS text LANGUAGE sql AS 'SELECT $1'`],
    ['CREATE SCHEMA billing'],
  ])('%s is none', async (sql) => {
    await destination.query(sql)
    expect(await conflicts()).toEqual([])
  })

  test('what is not chosen is no conflict', async () => {
    await destination.query(`CREATE TABLE orders (a int); CREATE DOMAIN email AS text; CREATE SCHEMA billing;
      CREATE SEQUENCE billing.ticket`)
    expect(await conflicts({ include: ['billing.*'] })).toEqual(['sequence billing.ticket'])
    expect(await conflicts({ exclude: ['public.*'] })).toEqual(['sequence billing.ticket'])
    expect(await conflicts({ include: ['public.orders'] })).toEqual(['table public.orders'])
  })

  test('large objects are none where none come; with a table that may point to them they come', async () => {
    await source.query('CREATE TABLE pictures (id int, picture oid)')
    await destination.query('SELECT lo_create(70001)')
    const ways = [{ include: ['public.orders'] }, { exclude: [{ kind: 'LARGE OBJECTS' as const }] }]
    for (const way of ways) expect(await conflicts(way)).toEqual([])
    expect(await conflicts({ include: ['public.pictures'] })).toEqual(['large object 70001'])
  })

  test('a table of an extension takes its name too', async () => {
    await source.query('CREATE TABLE pg_stat_statements (a int)')
    await destination.query('CREATE EXTENSION pg_stat_statements')
    expect(await conflicts()).toEqual(['view public.pg_stat_statements'])
  })
})

test('a run of another name that works in the database is named, with its oldest session; one that looks on is not', {
  tags: 'long',
}, async () => {
  const session = await destination.connect({ application_name: 'sampan:theirs:lane:3' })
  const looking = await destination.connect({ application_name: 'sampan:other:progress' })
  const item = itemOf(await precheck(source, destination), 'DST_RUN_AT_WORK')
  expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
  expect(item.details).toEqual([
    expect.stringMatching(/^run "theirs", a session since .*: process \d+ \(sampan:theirs:lane:3 from 127\.0\.0\.1\)$/),
  ])
  await session.end()
  await looking.end()
  expect(itemOf(await precheck(source, destination), 'DST_RUN_AT_WORK').status).toBe('passed')
})

describe('the run’s own ledger in the destination', () => {
  /** What PlanObjects does before anything is created. */
  async function openTheRun(event: StepEvent) {
    const session = await openDestination(event, {}, { purpose: 'test' })
    await migrateLedger(session)
    if (event.endpoints === null || event.database === null) throw new Error('an event without a database')
    const fingerprint = taskFingerprint(event.task, event.endpoints, event.database)
    await openRun(session, event.run, fingerprint, { serverVersion: 150_000, encoding: 'UTF8', database: source.name })
    return session
  }

  test('a run that is continued does not stand in its own way, but foreign objects still do', async () => {
    const session = await openTheRun(stepEvent(source, destination))
    await destination.query(`
      INSERT INTO sampan.object (run, id, position, kind, schema, name, stage, verdict, status) VALUES
        ('test-run', 1, 1, 'TABLE', 'public', 'orders', 'create', 'migrate', 'migrated'),
        ('test-run', 2, 2, 'FUNCTION', 'public', 'net(numeric)', 'create', 'migrate', 'migrated'),
        ('test-run', 3, 3, 'DOMAIN', 'public', 'email', 'create', 'migrate', 'pending');
      CREATE TABLE orders (id serial PRIMARY KEY, note text); CREATE INDEX orders_note ON orders (note);
      CREATE FUNCTION net(numeric) RETURNS numeric LANGUAGE sql AS 'SELECT $1'`)
    expect(await conflicts()).toEqual([])
    await destination.query('CREATE DOMAIN email AS text')
    expect(await conflicts()).toEqual(['domain public.email'])
    await session.close()
  })

  test('a completed run is said to be complete, and refused where it was another task', { tags: 'long' }, async () => {
    const session = await openTheRun(stepEvent(source, destination))
    expect((await itemFor('RUN_SEALED', source, destination)).status).toBe('passed')
    await sealRun(session, 'test-run')
    const again = await precheck(source, destination)
    expect(itemOf(again, 'RUN_SEALED').status).toBe('passed')
    expect(itemOf(again, 'RUN_COMPLETED')).toMatchObject({ status: 'failed', level: 'info', blocks: false })
    await destination.query(`UPDATE sampan.run SET fingerprint = 'another'`)
    const item = await itemFor('RUN_SEALED', source, destination)
    expect(item).toMatchObject({ status: 'failed', level: 'error', blocks: true })
    const renamed = await precheck(source, destination, { overrides: { name: 'another-run' } })
    expect(itemOf(renamed, 'RUN_SEALED').status).toBe('passed')
    await session.close()
  })

  test('an open run of another selection is refused', async () => {
    const session = await openTheRun(stepEvent(source, destination))
    expect((await itemFor('RUN_TASK_CHANGED', source, destination)).status).toBe('passed')
    expect((await itemFor('RUN_TASK_CHANGED', source, destination, { include: ['public.*'] })).status).toBe('passed')
    await markPlanned(session, 'test-run', 'objects_planned_at')
    const changed = await precheck(source, destination, { include: ['public.*'] })
    expect(itemOf(changed, 'RUN_TASK_CHANGED')).toMatchObject({ status: 'failed', level: 'error', blocks: true })
    await session.close()
  })

  test('a schema "sampan" of somebody else, or of a newer Sampan, is refused', async () => {
    const session = await openTheRun(stepEvent(source, destination))
    expect((await itemFor('LEDGER_UNUSABLE', source, destination)).status).toBe('passed')
    await destination.query('INSERT INTO sampan.migration (number) VALUES (1000000)')
    const newer = await itemFor('LEDGER_UNUSABLE', source, destination)
    expect(newer).toMatchObject({ status: 'failed', blocks: true })
    expect(newer.cause).toContain('1000000')
    await destination.query('DROP SCHEMA sampan CASCADE; CREATE SCHEMA sampan; CREATE TABLE sampan.boats (a int)')
    expect((await itemFor('LEDGER_UNUSABLE', source, destination)).cause).toContain('not a ledger')
    await session.close()
  })
})

test('event triggers of the destination are told, disabled ones are not', async () => {
  expect((await itemFor('DST_EVENT_TRIGGERS', source, destination)).status).toBe('passed')
  await destination.query(`CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER watch_ddl ON ddl_command_end EXECUTE FUNCTION watch()`)
  const item = await itemFor('DST_EVENT_TRIGGERS', source, destination)
  expect(item).toMatchObject({ status: 'failed', level: 'info', details: ['watch_ddl'] })
  await destination.query('ALTER EVENT TRIGGER watch_ddl DISABLE')
  expect((await itemFor('DST_EVENT_TRIGGERS', source, destination)).status).toBe('passed')
})

test('rows of an extension that stands on the destination are told where the source does not have them', async () => {
  // What the script of an extension does by pg_extension_config_dump.
  const sql = `CREATE EXTENSION hstore; CREATE TABLE jobs (a int, mine boolean); ALTER EXTENSION hstore ADD TABLE jobs;
    INSERT INTO jobs VALUES (0, false), (1, true); UPDATE pg_extension
       SET extconfig = ARRAY['jobs'::regclass::oid], extcondition = ARRAY['WHERE mine'] WHERE extname = 'hstore'`
  await Promise.all([source.query(sql), destination.query(sql)])
  const found = async () => await itemFor('DST_EXTENSION_ROWS', source, destination)
  expect((await found()).status).toBe('passed')
  await source.query('DELETE FROM jobs WHERE mine')
  expect(await found()).toMatchObject({ level: 'warning', blocks: true, details: ['public.jobs of hstore'] })
})
