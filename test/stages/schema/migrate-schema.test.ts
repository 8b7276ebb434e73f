import { describe, expect, test } from 'vitest'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { SOMEBODY_WAITS, untilFound } from '../../support/hold.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'
import { countTurns } from '../../support/turns.ts'
import {
  allKinds,
  allKinds18,
  call,
  endCopy,
  ledgerObjects,
  migrateSchema,
  mustBeDone,
  objectsOf,
  steps,
} from './steps.ts'

describe.each([
  [15, 15],
  [15, 18],
  [18, 18],
] as const)('a database with one of every kind of object, from PostgreSQL %d to %d', (from, to) => {
  test('arrives whole: a second dump tells the same objects', async () => {
    const source = await createDatabase(sharedServer(from), allKinds)
    const destination = await createDatabase(sharedServer(to))
    const event = stepEvent(source, destination)
    await migrateSchema(event)
    expect(await ledgerObjects(destination, `status NOT IN ('migrated', 'transformed')`)).toEqual([])
    // Servers of two majors print views and constraints in two ways; the names are the same.
    const withSql = from === to
    expect(await objectsOf(destination, withSql)).toEqual(await objectsOf(source, withSql))
    const filled = `SELECT relname, relispopulated FROM pg_class WHERE relkind = 'm' ORDER BY relname`
    expect(await destination.query(filled)).toEqual(await source.query(filled))
    const sequences = `SELECT schemaname, sequencename, last_value FROM pg_sequences WHERE schemaname <> 'sampan' ORDER BY 1, 2`
    expect(await destination.query(sequences)).toEqual(await source.query(sequences))
    expect(
      await destination.query(
        `SELECT name, destination_last_value, destination_is_called FROM sampan.sequence WHERE name IN ('ticket', 'never_called') ORDER BY 1`,
      ),
    ).toEqual([
      { name: 'never_called', destination_last_value: '1', destination_is_called: 'f' },
      { name: 'ticket', destination_last_value: '105', destination_is_called: 't' },
    ])
  })

  test('the rows to copy are planned with the columns that can be written', async () => {
    const source = await createDatabase(sharedServer(from), allKinds)
    const destination = await createDatabase(sharedServer(to))
    await mustBeDone('planObjects', stepEvent(source, destination))
    const relations = await destination.query(
      `SELECT schema || '.' || name AS name, columns, has_key FROM sampan.relation ORDER BY 1`,
    )
    expect(relations.map(({ name }) => name)).toEqual([
      'Mixed Case.Tab"le',
      'pg_catalog.pg_largeobject',
      'shop.base',
      'shop.customer',
      'shop.derived',
      'shop.measured_2024_eu',
      'shop.measured_rest',
      'shop.no_columns',
      'shop.no_key',
      'shop.orders',
      'shop.scratch',
      'shop.typed',
      'shop.uses_view',
    ])
    expect(relations.find(({ name }) => name === 'shop.customer')).toEqual({
      name: 'shop.customer',
      columns: '{id,email,home,name,changed_at,last_order}',
      has_key: 't',
    })
    expect(relations.find(({ name }) => name === 'shop.no_key')?.has_key).toBe('f')
  })
})

/** pg_dump writes the marks with casts, which no server reads. */
const CYCLED = [
  `'Y' DEFAULT 'N'`,
  `interval '1' day DEFAULT interval '1:02' day to second(2)`,
  `numeric(3, 1) '1.5' DEFAULT NULL`,
]
  .map(
    (
      marks,
      number,
    ) => `;CREATE VIEW modern.cycled_${number} AS WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n % 3 + 1 FROM t)
      SEARCH BREADTH FIRST BY n SET ord CYCLE n SET again TO ${marks} USING path SELECT n, again FROM t`,
  )
  .join('')

test('what PostgreSQL 18 has added arrives too, and generated columns of both sorts are left to the server', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(sharedServer(18), allKinds18 + CYCLED)
  const destination = await createDatabase(sharedServer(18))
  await migrateSchema(stepEvent(source, destination))
  expect(await objectsOf(destination, true)).toEqual(await objectsOf(source, true))
  expect(await destination.query(`SELECT columns FROM sampan.relation WHERE name = 'booking'`)).toEqual([
    { columns: '{room,during,total,note}' },
  ])
})

test('down to an older server, what it lacks is named one by one, and the rest arrives', { tags: 'long' }, async () => {
  const source = await createDatabase(sharedServer(18), allKinds18)
  const destination = await createDatabase(sharedServer(15))
  await migrateSchema(stepEvent(source, destination, { onObjectError: 'continue' }))
  expect(
    (await ledgerObjects(destination, `status IN ('failed', 'blocked')`)).map(
      ({ kind, name, status }) => `${kind} ${name} ${status}`,
    ),
  ).toEqual([
    'COLLATION ci failed',
    'TABLE booking failed',
    'TABLE parent failed',
    'TABLE stay blocked',
    'CONSTRAINT booking booking_key blocked',
    'CONSTRAINT stay guest_known blocked',
    'CHECK CONSTRAINT stay guest_long blocked',
    'INDEX nulls_one blocked',
    'STATISTICS expression blocked',
    'FK CONSTRAINT stay stay_booking blocked',
  ])
})

test('every step called twice changes nothing', { tags: 'long' }, async () => {
  const source = await createDatabase(sharedServer(15), allKinds)
  const destination = await createDatabase(sharedServer(18))
  const event = stepEvent(source, destination)
  await migrateSchema(event)
  const before = await destination.query(`SELECT id, status, milliseconds, xmin FROM sampan.object ORDER BY id`)
  await migrateSchema(event)
  expect(await destination.query(`SELECT id, status, milliseconds, xmin FROM sampan.object ORDER BY id`)).toEqual(
    before,
  )
})

test('the destination’s database is made with the encoding and locale of the source’s', { tags: 'long' }, async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE t (a int)')
  const other = await createDatabase(sharedServer(18))
  const name = `${other.name}_made`
  const event = stepEvent(source, { ...other, name })
  await mustBeDone('planObjects', event)
  const form = `SELECT encoding, datcollate, datctype FROM pg_database WHERE datname = `
  expect(await other.query(`${form} '${name}'`)).toEqual(await source.query(`${form} current_database()`))
  await other.query(`DROP DATABASE ${name}`)
})

describe('objects that cannot be made', () => {
  const broken = `
    CREATE TABLE plain (a int PRIMARY KEY);
    CREATE TABLE broken (a int, b text);
    CREATE INDEX broken_b ON broken (b);
    CREATE VIEW on_broken AS SELECT * FROM broken;
    CREATE VIEW on_view AS SELECT count(*) FROM on_broken;
    CREATE VIEW fine AS SELECT * FROM plain;
    COMMENT ON TABLE broken IS 'gone'`

  async function start(onObjectError: 'fail' | 'continue') {
    const source = await createDatabase(sharedServer(15), broken)
    const destination = await createDatabase(sharedServer(18), 'CREATE TYPE broken AS ENUM ()')
    return { destination, event: stepEvent(source, destination, { onObjectError }) }
  }

  test('are reported with the server’s error, what depends on them as blocked, and all others are made', async () => {
    const { destination, event } = await start('fail')
    await mustBeDone('planObjects', event)
    expect(await call('createObjects', event)).toMatchObject({
      verdict: 'failed',
      error: {
        code: 'OBJECTS_FAILED',
        message: expect.stringContaining('table public.broken (type "broken" already exists'),
      },
    })
    expect(await ledgerObjects(destination, `status IN ('failed', 'blocked')`)).toMatchObject([
      { kind: 'TABLE', name: 'broken', status: 'failed', error_code: '42710', blocked_by: null },
      { kind: 'COMMENT', name: 'TABLE broken', status: 'blocked', error_code: null, blocked_by: 'TABLE broken' },
      { kind: 'VIEW', name: 'on_broken', status: 'blocked', blocked_by: 'TABLE broken' },
      { kind: 'VIEW', name: 'on_view', status: 'blocked', blocked_by: 'TABLE broken' },
      { kind: 'INDEX', name: 'broken_b', status: 'blocked', blocked_by: 'TABLE broken' },
    ])
    expect(
      await destination.query(`SELECT relname FROM pg_class WHERE relname IN ('plain', 'fine') ORDER BY 1`),
    ).toHaveLength(2)
  })

  test('do not hold up a task that says to go on', { tags: 'long' }, async () => {
    const { destination, event } = await start('continue')
    await migrateSchema(event)
    expect(await ledgerObjects(destination, `status = 'failed'`)).toHaveLength(1)
    expect(await destination.query(`SELECT analyzed_at IS NULL AS never FROM sampan.relation ORDER BY name`)).toEqual([
      { never: 't' },
      { never: 'f' },
    ])
  })

  test('have no rows to copy, and get them when a later start makes them', { tags: 'long' }, async () => {
    const { destination, event } = await start('continue')
    await mustBeDone('planObjects', event)
    expect((await planCopy(event, stepContext())).verdict).toBe('done')
    await mustBeDone('createObjects', event)
    const chunks = `SELECT r.name, c.kind FROM sampan.chunk c JOIN sampan.relation r ON r.oid = c.relation ORDER BY 1`
    expect(await destination.query(chunks)).toEqual([{ name: 'plain', kind: 'whole' }])
    await destination.query('DROP TYPE broken')
    await mustBeDone('planObjects', event)
    await mustBeDone('createObjects', event)
    expect(await destination.query(chunks)).toEqual([
      { name: 'broken', kind: 'whole' },
      { name: 'plain', kind: 'whole' },
    ])
  })

  test('are tried again when the task is started again', { tags: 'long' }, async () => {
    const { destination, event } = await start('fail')
    await mustBeDone('planObjects', event)
    expect((await call('createObjects', event)).verdict).toBe('failed')
    await destination.query('DROP TYPE broken')
    await migrateSchema(event)
    expect(await ledgerObjects(destination, `status NOT IN ('migrated')`)).toEqual([])
  })
})

test('what a managed server cannot have is left behind with the reason, and blocks what needs it', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(
    sharedServer(18),
    `CREATE FUNCTION absolute(int) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'int4abs';
     CREATE FUNCTION lengthened(text) RETURNS int LANGUAGE c STRICT AS '$libdir/citext', 'citext_hash';
     CREATE FUNCTION plus(int, int) RETURNS int LANGUAGE internal AS 'int4pl';
     UPDATE pg_proc SET prosrc = 'gone_abs' WHERE proname = 'absolute';
     COMMENT ON FUNCTION absolute IS 'native';
     CREATE TABLE t (a int CHECK (absolute(a) > 1));
     CREATE SCHEMA rds_tools; CREATE TABLE rds_tools.x (a int);
     CREATE TABLE kept (a int)`,
  )
  const role = `only_here_${source.name}`
  await source.query(
    `CREATE ROLE ${role}; GRANT SELECT ON kept TO ${role}; GRANT INSERT ON kept TO PUBLIC; GRANT UPDATE ON t TO ${role}`,
  )
  const destination = await createDatabase(sharedServer(15))
  // Unless that is acknowledged, or the run goes on without, nothing is planned: a chosen object cannot come.
  const refused = await call('planObjects', stepEvent(source, destination))
  expect(refused.error).toMatchObject({
    code: 'C_FUNCTIONS',
    message: expect.stringContaining('public.absolute(integer): there is no built-in function named "gone_abs"'),
  })
  const acknowledged = { precheck: { acknowledge: ['C_FUNCTIONS'] } }
  const needed = await call('planObjects', stepEvent(source, destination, acknowledged))
  expect(needed.error).toMatchObject({ code: 'CHOSEN_CANNOT_COME' })
  await mustBeDone('planObjects', stepEvent(source, destination, { onObjectError: 'continue' }))
  await source.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  expect(await ledgerObjects(destination, `status <> 'pending' OR verdict = 'transform'`)).toMatchObject([
    { kind: 'SCHEMA', name: 'rds_tools', status: 'skipped' },
    {
      kind: 'FUNCTION',
      name: 'absolute(integer)',
      status: 'skipped',
      reason:
        'a function in the server’s internal language that the destination refuses: there is no built-in function named "gone_abs"',
    },
    {
      kind: 'COMMENT',
      name: 'FUNCTION absolute(integer)',
      status: 'skipped',
      reason: 'what it belongs to is left behind',
    },
    { kind: 'ACL', name: 'TABLE kept', status: 'pending', reason: `the destination has no role ${role}` },

    { kind: 'ACL', name: 'TABLE t', status: 'skipped' },
    { kind: 'TABLE', name: 'x', schema: 'rds_tools', status: 'skipped' },
    // The table itself arrives: its check comes behind the rows.
    { kind: 'CHECK CONSTRAINT', name: 't t_a_check', status: 'blocked', blocked_by: 'FUNCTION absolute(integer)' },
  ])
})

test('a subscription is never applied, and its connection string is not kept', async () => {
  const source = await createDatabase(
    sharedServer(18),
    `CREATE SUBSCRIPTION inbound CONNECTION 'host=127.0.0.1 password=geheim' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
  )
  const destination = await createDatabase(sharedServer(18))
  const planned = await call('planObjects', stepEvent(source, destination))
  await source.query('DROP SUBSCRIPTION inbound')
  expect(planned.verdict).toBe('done')
  const rows = await destination.query(
    `SELECT to_jsonb(o)::text AS row FROM sampan.object o WHERE kind = 'SUBSCRIPTION'`,
  )
  expect(rows).toHaveLength(1)
  expect(rows[0]?.row).not.toContain('geheim')
  expect(rows[0]?.row).toContain('after the cutover')
})

test('a step that is cut off between two objects goes on where it was', { tags: 'long' }, async () => {
  const tables = Array.from({ length: 600 }, (_, number) => `CREATE TABLE t${number} (a int PRIMARY KEY)`).join(';')
  const source = await createDatabase(sharedServer(15), tables)
  const destination = await createDatabase(sharedServer(18))
  const event = stepEvent(source, destination)
  await mustBeDone('planObjects', event)
  // Whoever makes a table of this name waits for the end of this transaction: the step stands between two objects.
  const holder = await destination.connect()
  await holder.query('BEGIN; CREATE TABLE public.t550 ()')
  const cut = steps.createObjects(event, { awsRequestId: 'x', getRemainingTimeInMillis: () => 60_000 })
  await untilFound(destination, `SELECT FROM sampan.object WHERE status = 'migrated' OFFSET 49`)
  await untilFound(destination, SOMEBODY_WAITS)
  await destination.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'sampan:%'`,
  )
  await holder.query('ROLLBACK')
  await holder.end()
  expect(await cut).toMatchObject({ verdict: 'retry', error: { kind: 'connection' } })
  const [state] = await destination.query(
    `SELECT (SELECT count(*) FROM sampan.object WHERE kind = 'TABLE' AND status = 'migrated') AS receipts,
            (SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace) AS tables`,
  )
  expect(state?.tables).toBe(state?.receipts)
  expect(Number(state?.tables)).toBeLessThan(600)
  await migrateSchema(event)
  expect(await ledgerObjects(destination, `status <> 'migrated'`)).toEqual([])
})

test('an index that takes longer than its call is taken up by the next one', { tags: 'long' }, async () => {
  const source = await createDatabase(
    sharedServer(18),
    `CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_sleep(3); RETURN $1; END $$;
     CREATE TABLE t (a int); CREATE INDEX slow_index ON t (slow(a))`,
  )
  const destination = await createDatabase(sharedServer(18))
  const event = stepEvent(source, destination, { lane: 0 })
  await mustBeDone('planObjects', event)
  await mustBeDone('createObjects', event)
  await destination.query('INSERT INTO t VALUES (1)')
  const context = { awsRequestId: 'x', getRemainingTimeInMillis: () => 1_000 }
  expect((await steps.buildIndexes(event, context)).verdict).toBe('more')
  expect(
    await destination.query(
      `SELECT state FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '^sampan:test-run:index:[0-9]+$'`,
    ),
  ).toEqual([{ state: 'active' }])
  await endCopy(event)
  await mustBeDone('buildIndexes', event)
  expect(await ledgerObjects(destination, `name = 'slow_index'`)).toMatchObject([{ status: 'migrated' }])
  const [row] = await destination.query(`SELECT milliseconds FROM sampan.object WHERE name = 'slow_index'`)
  expect(Number(row?.milliseconds)).toBeGreaterThan(2_900)
})

test('after Seal nothing is made any more', async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE t (a serial)')
  const destination = await createDatabase(sharedServer(18))
  const event = stepEvent(source, destination)
  await mustBeDone('planObjects', event)
  await destination.query(`UPDATE sampan.run SET state = 'sealed'`)
  expect(await call('createObjects', event)).toMatchObject({ verdict: 'failed', error: { code: 'RUN_SEALED' } })
  expect(await destination.query(`SELECT to_regclass('t') AS t`)).toEqual([{ t: null }])
})

test('far away, a thousand objects take few round trips, because nothing waits for an answer it does not need', {
  tags: 'long',
}, async () => {
  const tables = Array.from({ length: 1000 }, (_, number) => `CREATE TABLE t${number} (a int)`).join(';')
  const source = await createDatabase(sharedServer(15), tables)
  const destination = await createDatabase(sharedServer(18))
  const event = stepEvent(source, destination)
  await mustBeDone('planObjects', event)
  const counter = await countTurns(destination.server.port, 20)
  const far = { host: '127.0.0.1', port: counter.port }
  const endpoints = { source: far, destination: far }
  await mustBeDone('createObjects', { ...event, endpoints })
  expect(counter.turns()).toBeLessThan(30)
})
