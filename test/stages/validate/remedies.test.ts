/** What an error tells the reader to do is done here, to the letter, and the run must then end well. */
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { findEntry, readCatalogue } from '../../../cli/errors/catalogue.ts'
import { summaryText } from '../../../cli/summary/summary.ts'
import { viewTimes } from '../../../lambdas/core/ledger/view.ts'
import { failed as cut, waiting } from '../../../lambdas/core/runtime/verdict.ts'
import type { Around } from '../../support/cases/case.ts'
import { compareDatabases } from '../../support/judges.ts'
import { createDatabase, otherServer15, sharedServer } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'

const SOURCE = `
  CREATE TABLE customers (id int PRIMARY KEY, name text); INSERT INTO customers SELECT g, 'c' || g FROM generate_series(1, 500) g;
  CREATE TABLE orders (id serial PRIMARY KEY, customer int REFERENCES customers); INSERT INTO orders (customer) SELECT generate_series(1, 500);
  CREATE VIEW named AS SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer; COMMENT ON VIEW named IS 'a view';
  CREATE INDEX by_name ON customers (name);
  CREATE TYPE state AS ENUM ('new', 'sent');
  CREATE TABLE tree (state state, n int) PARTITION BY HASH (state); CREATE TABLE tree_0 PARTITION OF tree FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE tree_1 PARTITION OF tree FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO tree SELECT 'new', g FROM generate_series(1, 100) g;
  CREATE TABLE days (day int, n int) PARTITION BY RANGE (day); CREATE TABLE days_1 PARTITION OF days DEFAULT; INSERT INTO days VALUES (1, 1)`

/** Before the first call of a step. */
function before(which: string, act: () => Promise<unknown>): Around {
  return ({ step, call }, handler) =>
    async (event, context) => {
      if (step === which && call === 1) await act()
      return handler(event, context)
    }
}

/** What `sampan explain CODE` says is to be done. */
function explained(code: string): string {
  return (findEntry(readCatalogue(), code)?.cases ?? []).map(({ remedy }) => remedy).join('; ')
}

async function databases() {
  return {
    source: await createDatabase(sharedServer(15), SOURCE),
    destination: await createDatabase(await otherServer15()),
  }
}

test('VALIDATION_DIFFERS of tables that stood there ends well when they are emptied; of one that is dropped it says that it cannot be made', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const tables =
    'CREATE TABLE parent (id int PRIMARY KEY, name text); CREATE TABLE child (id int PRIMARY KEY REFERENCES parent)'
  const rows = `INSERT INTO parent SELECT g, 'p' FROM generate_series(1, 50) g; INSERT INTO child SELECT generate_series(1, 50)`
  const source = await createDatabase(sharedServer(15), `${tables}; ${rows}`)
  const destination = await createDatabase(await otherServer15(), `${tables}; INSERT INTO parent VALUES (1000, 'old')`)
  const truncate = { conflicts: 'truncate' } as const
  const databases = [
    { name: source.name, as: destination.name, tables: { 'public.parent': truncate, 'public.child': truncate } },
  ]
  const task = { name: 'empty-again', databases, precheck: { acknowledge: ['DST_ROWS_GIVE_WAY'] } }
  const failed = await migrate(
    source,
    destination,
    task,
    before('PlanValidationFunction', () => destination.query(`UPDATE parent SET name = 'other' WHERE id = 7`)),
  )
  const { error } = failed.outcome
  expect(error).toMatchObject({ code: 'VALIDATION_DIFFERS', remedy: expect.stringContaining('TRUNCATE') })
  expect(error?.remedy).not.toContain('DROP')
  await destination.query('DROP TABLE child')
  const gone = await migrate(source, destination, task)
  expect(gone.outcome.error).toMatchObject({
    code: 'DST_OBJECTS_GONE',
    message: expect.stringContaining('public.child'),
  })
  expect(gone.outcome.error?.remedy).toMatch(/make it again as it was/)
  await destination.query('CREATE TABLE child (id int PRIMARY KEY REFERENCES parent); TRUNCATE parent, child')
  const again = await migrate(source, destination, task)
  expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(source, destination)).toEqual([])
})

describe('VALIDATION_DIFFERS', () => {
  test.each([
    ['customers', `UPDATE customers SET name = 'other' WHERE id = 7`],
    ['days_1', `INSERT INTO days VALUES (2, 2)`],
    ['tree', `DELETE FROM tree WHERE n = 1`],
  ])(
    'of %s ends well when the table is dropped, and the task started again',
    { tags: 'long', timeout: 180_000 },
    async (table, change) => {
      const { source, destination } = await databases()
      const name = `differs-${table.replace('_', '-')}`
      const failed = await migrate(
        source,
        destination,
        { name },
        before('PlanValidationFunction', () => destination.query(change)),
      )
      expect(failed.report.databases[0]?.error).toMatchObject({
        code: 'VALIDATION_DIFFERS',
        message: expect.stringContaining(`public.${table}`),
        remedy: expect.stringContaining('DROP TABLE … CASCADE'),
      })
      // Meanwhile life goes on.
      await source.query(`INSERT INTO customers VALUES (501, 'late'); INSERT INTO orders (customer) VALUES (501)`)
      await destination.query(`DROP TABLE ${table} CASCADE`)
      const again = await migrate(source, destination, { name })
      expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
      expect(await compareDatabases(source, destination)).toEqual([])
    },
  )
})

test('large objects that differ are told by their ids; removed, and the task started again, they are copied again', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const { source, destination } = await databases()
  await source.query(`SELECT lo_from_bytea(o, convert_to(repeat('large ', 60000), 'UTF8')) FROM generate_series(70001, 70005) o;
    SELECT lo_create(70006); COMMENT ON LARGE OBJECT 70002 IS 'said'; GRANT SELECT ON LARGE OBJECT 70003 TO PUBLIC`)
  const change = () =>
    destination.query(
      `SELECT lo_put(70002, 7, 'x'); SELECT lo_unlink(70003); SELECT lo_unlink(70006); SELECT lo_create(90001)`,
    )
  const name = 'large-objects'
  const failed = await migrate(source, destination, { name }, before('PlanValidationFunction', change))
  const error = failed.report.databases[0]?.error
  expect(error).toMatchObject({ code: 'VALIDATION_DIFFERS', remedy: expect.stringContaining('lo_unlink(OID)') })
  expect(error?.message).toBe(
    'large objects differ between source and destination; large objects: only on the source: 70003, 70006; only on the destination: 90001; with other values: 70002',
  )
  // What somebody has written is not overwritten as long as it is there.
  const untouched = await migrate(source, destination, { name })
  expect(untouched.report.databases[0]?.error?.message).toBe(error?.message)
  await destination.query('SELECT lo_unlink(70002); SELECT lo_unlink(90001)')
  const again = await migrate(source, destination, { name })
  expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(source, destination)).toEqual([])
  const said = `SELECT obj_description(70002, 'pg_largeobject') AS said, lomacl::text LIKE '%=r/%' AS granted FROM pg_largeobject_metadata WHERE oid = 70003`
  expect(await destination.query(said)).toEqual([{ said: 'said', granted: 't' }])
})

test('rows that find no partition on the destination arrive once the source has the partition that its tree lacks', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const labels = Array.from({ length: 24 }, (_, index) => `'l${index}'`)
  // The hash of a label is that of its oid: another one on the destination.
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TYPE label AS ENUM (${labels.join()}); CREATE TABLE halved (l label, n int) PARTITION BY HASH (l);
     CREATE TABLE halved_0 PARTITION OF halved FOR VALUES WITH (MODULUS 2, REMAINDER 0);
     DO $$ DECLARE one label; BEGIN FOREACH one IN ARRAY enum_range(NULL::label) LOOP
       BEGIN INSERT INTO halved VALUES (one, 1); EXCEPTION WHEN check_violation THEN NULL; END; END LOOP; END $$`,
  )
  const destination = await createDatabase(await otherServer15())
  const failed = await migrate(source, destination, { name: 'halved' })
  expect(failed.report.databases[0]?.error).toMatchObject({
    code: 'DST_ROWS_REFUSED',
    message: expect.stringContaining('public.halved cannot be copied'),
  })
  expect(explained('DST_ROWS_REFUSED')).toContain('CREATE TABLE … PARTITION OF …')
  await source.query('CREATE TABLE halved_1 PARTITION OF halved FOR VALUES WITH (MODULUS 2, REMAINDER 1)')
  const again = await migrate(source, destination, { name: 'halved' })
  expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
  const rows = 'SELECT l, n FROM halved ORDER BY 1'
  expect(await destination.query(rows)).toEqual(await source.query(rows))
})

test('the ledger of a newer Sampan is dropped with what is in the way, and the task started again', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const { source, destination } = await databases()
  const name = 'after-a-newer-one'
  expect((await migrate(source, destination, { name: 'the-newer-one' })).outcome).toMatchObject({ exitStatus: 0 })
  await destination.query('INSERT INTO sampan.migration (number) VALUES (9999)')
  const refused = await migrate(source, destination, { name })
  const finding = refused.report.prechecks.find(({ code }) => code === 'LEDGER_UNUSABLE')
  expect(finding).toMatchObject({ blocks: true, remedy: expect.stringContaining('drop the schema there') })
  await destination.query(
    'DROP SCHEMA sampan CASCADE; DROP TABLE customers, orders, tree, days CASCADE; DROP TYPE state',
  )
  expect((await migrate(source, destination, { name })).outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(source, destination)).toEqual([])
})

test('SRC_STRUCTURE_CHANGED names what cannot be made anew: with what stands on it dropped, the task started again ends well', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const { source, destination } = await databases()
  const name = 'stands-on-it'
  const error = { kind: 'other', code: 'STOPPED_HERE', message: 'no copy', remedy: 'none' } as const
  const withoutCopy: Around = ({ step }, handler) => (step === 'CopyLaneFunction' ? async () => cut(error) : handler)
  expect((await migrate(source, destination, { name }, withoutCopy)).outcome).toMatchObject({ exitStatus: 1 })
  await source.query('ALTER TABLE days ADD COLUMN later int')
  await destination.query('CREATE VIEW of_somebody AS SELECT n FROM days')
  const refused = await migrate(source, destination, { name })
  expect(refused.report.databases[0]?.error).toMatchObject({
    code: 'SRC_STRUCTURE_CHANGED',
    message: expect.stringContaining('TABLE public.days'),
    remedy: expect.stringContaining('drop by hand, on the destination, what stands on them'),
  })
  await destination.query('DROP VIEW of_somebody')
  expect((await migrate(source, destination, { name })).outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(source, destination)).toEqual([])
})

test('SEQUENCES_DIFFER ends well when the task is started again', { tags: 'long', timeout: 180_000 }, async () => {
  const { source, destination } = await databases()
  const change = () => destination.query(`SELECT setval('orders_id_seq', 7)`)
  const failed = await migrate(source, destination, { name: 'sequences' }, before('SealFunction', change))
  expect(failed.report.databases[0]?.error).toMatchObject({ code: 'SEQUENCES_DIFFER' })
  const again = await migrate(source, destination, { name: 'sequences' })
  expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(source, destination)).toEqual([])
})

test('of two things that are wrong each is printed with its remedy', async () => {
  const { source, destination } = await databases()
  const change = `SELECT setval('orders_id_seq', 7); DELETE FROM days`
  const failed = await migrate(
    source,
    destination,
    {},
    before('PlanValidationFunction', () => destination.query(change)),
  )
  const error = failed.report.databases[0]?.error
  expect(error).toMatchObject({ code: 'VALIDATION_DIFFERS', besides: [{ code: 'SEQUENCES_DIFFER' }] })
  const summary = stripVTControlCharacters(summaryText(failed.report, 1))
  for (const remedy of [error?.remedy, error?.besides?.[0]?.remedy]) expect(summary).toContain(remedy)
}, 180_000)

test('what could not be made is excluded under another name, into an emptied destination that keeps the ledger', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const { source, destination } = await databases()
  await source.query(`CREATE FUNCTION broken() RETURNS int LANGUAGE sql AS 'SELECT n FROM days'`)
  const hide = before('CreateObjectsFunction', () =>
    destination.query('CREATE FUNCTION broken() RETURNS text LANGUAGE sql AS $$ SELECT 1::text $$'),
  )
  const failed = await migrate(source, destination, { name: 'refused' }, hide)
  expect(failed.report.databases[0]?.error).toMatchObject({
    code: 'OBJECTS_FAILED',
    remedy: expect.stringContaining('another name'),
  })
  const made = await destination.query(`SELECT format('DROP TABLE %I CASCADE', relname) AS sql FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition`)
  for (const { sql } of made) await destination.query(String(sql))
  await destination.query('DROP TYPE IF EXISTS state; DROP FUNCTION broken')
  const excluding = await migrate(source, destination, {
    name: 'refused-not',
    databases: [
      { name: source.name, as: destination.name, exclude: [{ kind: 'FUNCTION', schema: 'public', name: 'broken()' }] },
    ],
  })
  expect(excluding.outcome).toMatchObject({ exitStatus: 0, error: null })
})

test('SRC_STRUCTURE_OF_PLAN_CHANGED ends well when the task is started again: the plan is made anew', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const { source, destination } = await databases()
  const name = 'planned-otherwise'
  // The plan is held against every view: what it has otherwise all the same must not be believed again.
  const stale = () =>
    destination.query(
      `UPDATE sampan.relation SET columns = '{id,label}', destination_columns = '{id,name}' WHERE name = 'customers'`,
    )
  const failed = await migrate(source, destination, { name, lanes: 1 }, before('CopyLaneFunction', stale))
  expect(failed.report.databases[0]?.error).toMatchObject({
    code: 'SRC_STRUCTURE_OF_PLAN_CHANGED',
    remedy: expect.stringContaining('start the task again: what has changed is planned anew'),
  })
  expect((await migrate(source, destination, { name })).outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(source, destination)).toEqual([])
})

test('SNAPSHOT_NOT_KEPT passes by itself when the keeper is back; behind the window the task is started again', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const { source, destination } = await databases()
  const name = 'not-kept'
  const { patience } = viewTimes
  viewTimes.patience = 200
  try {
    const told: (string | undefined)[] = []
    /** No keeper until a lane has missed it; `late`: the lane's window was opened long ago. */
    const away = (late: boolean): Around => {
      let missed = false
      return ({ step }, handler) =>
        async (event, context) => {
          if (step === 'KeepSnapshotFunction' && !missed) return waiting(1)
          if (step !== 'CopyLaneFunction') return handler(event, context)
          const window = { kind: 'connection', since: '2020-01-01T00:00:00Z', attempt: 9 }
          const answer = await handler(late ? { ...event, window } : event, context)
          if (answer.error !== null || answer.verdict === 'retry') missed = true
          if (answer.error !== null) told.push(answer.error.code)
          return answer
        }
    }
    const failed = await migrate(source, destination, { name, lanes: 1 }, away(true))
    expect(failed.outcome.error).toMatchObject({
      code: 'SNAPSHOT_NOT_KEPT',
      remedy: expect.stringContaining('start the task again'),
    })
    told.length = 0
    expect((await migrate(source, destination, { name, lanes: 1 }, away(false))).outcome).toMatchObject({
      exitStatus: 0,
      error: null,
    })
    expect(new Set(told)).toEqual(new Set(['SNAPSHOT_NOT_KEPT']))
  } finally {
    viewTimes.patience = patience
  }
  expect(await compareDatabases(source, destination)).toEqual([])
})
