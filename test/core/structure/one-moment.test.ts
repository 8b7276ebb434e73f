import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { StepAnswer } from '../../../lambdas/core/runtime/verdict.ts'
import type { TaskInput } from '../../../lambdas/core/task/task.ts'
import { reportSchema } from '../../../lambdas/stages/report/model.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { compareDatabases } from '../../support/judges.ts'
import { type Call, type Handler, runWorkflow, sideOf } from '../../support/run.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'

const BEFORE = `
  CREATE TYPE mood AS ENUM ('glad', 'sad');
  CREATE TABLE day (id int NOT NULL, at date NOT NULL, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE day_1 PARTITION OF day FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
  INSERT INTO day SELECT n, '2024-01-07', 'v' FROM generate_series(1, 1000) n;
  CREATE TABLE items (id serial PRIMARY KEY, filler text, m mood DEFAULT 'glad');
  INSERT INTO items (filler) SELECT repeat(md5(n::text), 10) FROM generate_series(1, 4000) n;
  CREATE TABLE part (id int PRIMARY KEY, item int REFERENCES items);
  INSERT INTO part SELECT n, n FROM generate_series(1, 500) n;
  CREATE TABLE emptied (id serial PRIMARY KEY); INSERT INTO emptied SELECT nextval('emptied_id_seq') FROM generate_series(1, 20);
  CREATE TABLE leaving (id int); INSERT INTO leaving SELECT generate_series(1, 50);
  CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1';
  CREATE VIEW seen AS SELECT id, twice(id) AS double FROM items;
  CREATE TABLE swapped (id int PRIMARY KEY, v text); INSERT INTO swapped SELECT n, 'old' FROM generate_series(1, 200) n;
  CREATE TYPE grade AS ENUM ('good', 'bad');
  CREATE TABLE graded (id int, g grade); INSERT INTO graded SELECT n, CASE WHEN n % 3 = 0 THEN 'bad' ELSE 'good' END::grade FROM generate_series(1, 300) n;
  CREATE TABLE rooted (id int) PARTITION BY RANGE ((id % 3));
  CREATE TABLE rooted_0 PARTITION OF rooted FOR VALUES FROM (0) TO (1); CREATE TABLE rooted_1 PARTITION OF rooted FOR VALUES FROM (1) TO (3);
  INSERT INTO rooted SELECT generate_series(1, 900);
  GRANT SELECT ON items TO PUBLIC; COMMENT ON TABLE items IS 'before';`

/**
 * What an application does meanwhile: things made, changed and dropped, some that others stand on; a table swapped by rename, labels that
 * change places, a partition that leaves a tree which is read through its root.
 */
const MEANWHILE = `
  CREATE TABLE day_2 PARTITION OF day FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
  INSERT INTO day SELECT n, '2024-02-07', 'new' FROM generate_series(1, 5000) n;
  CREATE TABLE fresh (id serial PRIMARY KEY, v text); INSERT INTO fresh (v) SELECT 'x' FROM generate_series(1, 300);
  ALTER TABLE items ADD COLUMN extra int; UPDATE items SET extra = id;
  CREATE INDEX items_extra ON items (extra);
  REVOKE SELECT ON part FROM PUBLIC; REVOKE SELECT ON items FROM PUBLIC; COMMENT ON TABLE items IS NULL;
  DROP TABLE leaving; TRUNCATE emptied RESTART IDENTITY;
  CREATE OR REPLACE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $1';
  ALTER TYPE mood ADD VALUE 'calm' BEFORE 'sad';
  CREATE TABLE swapping (id int PRIMARY KEY, v text); INSERT INTO swapping SELECT n, 'new' FROM generate_series(1, 210) n;
  ALTER TABLE swapped RENAME TO swapped_old; ALTER TABLE swapping RENAME TO swapped;
  ALTER TYPE grade RENAME VALUE 'good' TO 'x'; ALTER TYPE grade RENAME VALUE 'bad' TO 'good'; ALTER TYPE grade RENAME VALUE 'x' TO 'bad';
  ALTER TABLE rooted DETACH PARTITION rooted_1;
  CREATE SCHEMA late; CREATE TABLE late.t AS SELECT n FROM generate_series(1, 30) n;`

type Around = (which: Call, handler: Handler) => Handler

async function databases() {
  const source = await createDatabase(sharedServer(15), BEFORE)
  const destination = await createDatabase(sharedServer(15))
  return { source, destination, input: inputOf(source, destination) }
}

function inputOf(source: TestDatabase, destination: TestDatabase): TaskInput {
  return {
    name: `test-${randomBytes(4).toString('hex')}`,
    source: sideOf(source.connection),
    destination: sideOf(destination.connection),
    databases: [{ name: source.name, as: destination.name }],
    chunkMegabytes: 1,
    lanes: 2,
  }
}

async function run(input: TaskInput, around?: Around) {
  const directory = await temporaryDirectory()
  const outcome = await runWorkflow(input, directory, around)
  const report = reportSchema.parse(JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')))
  return { outcome, report, codes: report.databases.flatMap(({ events }) => events.map(({ code }) => code)) }
}

/** Something happens behind the n-th call of a step. */
function after(step: Call['step'], call: number, happens: () => Promise<unknown>): Around {
  return (which, handler) => async (event, context) => {
    const answer = await handler(event, context)
    if (which.step === step && which.call === call) await happens()
    return answer
  }
}

const failure: StepAnswer<null> = {
  verdict: 'failed',
  pause: 0,
  window: null,
  error: { kind: 'other', code: 'TEST', message: 'stopped by the test', remedy: 'none' },
  output: null,
  spent: 0,
}

/** No lane claims them until the transaction ends. */
const holdChunksOf = (table: string) =>
  `BEGIN; SELECT 1 FROM sampan.chunk c JOIN sampan.relation r ON r.run = c.run AND r.oid = c.relation
    WHERE r.name = '${table}' FOR UPDATE OF c`

/** The first lane copies all tables but one, then the run breaks. */
function breakBeside(destination: TestDatabase, table: string): Around {
  return (which, handler) => async (event, context) => {
    if (which.step !== 'CopyLaneFunction') return handler(event, context)
    if (which.call > 1) return failure
    const holder = await destination.connect()
    await holder.query(holdChunksOf(table))
    const answer = await handler({ ...event, lane: 1 }, context)
    expect(answer).toMatchObject({ verdict: 'done', error: null })
    await holder.query('COMMIT')
    return failure
  }
}

test('what was made on the source between the plan and the migration is planned anew and migrated', {
  tags: 'long',
}, async () => {
  const { source, destination, input } = await databases()
  expect((await run({ ...input, mode: 'plan' })).outcome).toMatchObject({ exitStatus: 0 })
  await source.query(MEANWHILE)
  const { outcome, codes } = await run(input)
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(source, destination)).toEqual([])
  expect(codes).toContain('PLAN_MADE_ANEW')
})

test.each([
  ['the plan of the objects', 'PlanObjectsFunction'],
  ['the plan of the copy', 'PlanCopyFunction'],
  ['the tables were made', 'CreateObjectsFunction'],
] as const)(
  'what is made in one run behind %s, before the view, is planned in the view and migrated',
  { tags: 'long' },
  async (_, step) => {
    const { source, destination, input } = await databases()
    const { outcome, codes } = await run(
      input,
      after(step, 1, () => source.query(MEANWHILE)),
    )
    expect(outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(await compareDatabases(source, destination)).toEqual([])
    expect(codes).toContain('PLAN_MADE_ANEW')
  },
)

/** Nothing of schemas: the database itself, large objects, and what is the server's own. */
const BESIDE = `
  SELECT lo_from_bytea(7001, 'a'), lo_from_bytea(7002, 'b'), lo_from_bytea(7003, 'c');
  GRANT SELECT ON LARGE OBJECT 7001, 7002 TO PUBLIC; COMMENT ON LARGE OBJECT 7001 IS 'first';
  GRANT SELECT ON LARGE OBJECT 7003 TO pg_monitor`
const BESIDE_MEANWHILE = `
  SELECT lo_unlink(7003); REVOKE SELECT ON LARGE OBJECT 7001 FROM PUBLIC; COMMENT ON LARGE OBJECT 7001 IS NULL;
  SELECT lo_from_bytea(7004, 'd'); GRANT SELECT ON LARGE OBJECT 7004 TO PUBLIC; COMMENT ON LARGE OBJECT 7004 IS 'new';
  DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$`

test.each([
  ['there are some', BESIDE, BESIDE_MEANWHILE],
  ['there is none yet', '', BESIDE],
])(
  'large objects, their rights and the database’s are those of the view: where %s',
  { tags: 'long' },
  async (_, before, meanwhile) => {
    const source = await createDatabase(sharedServer(15), before)
    const destination = await createDatabase(sharedServer(15))
    const { outcome, codes } = await run(
      inputOf(source, destination),
      after('PlanObjectsFunction', 1, () => source.query(meanwhile)),
    )
    expect(outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(await compareDatabases(source, destination)).toEqual([])
    const temporary = `SELECT has_database_privilege('pg_monitor', current_database(), 'TEMPORARY') AS temporary`
    expect(await destination.query(temporary)).toEqual(await source.query(temporary))
    expect(codes).toContain('PLAN_MADE_ANEW')
  },
)

test('large objects of the destination are not overwritten by the first that comes to the source behind the precheck', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(sharedServer(15))
  const destination = await createDatabase(sharedServer(15), `SELECT lo_from_bytea(7001, 'mine')`)
  const meanwhile = after('PlanObjectsFunction', 1, () => source.query(BESIDE))
  const { outcome } = await run(inputOf(source, destination), meanwhile)
  expect(outcome.error).toMatchObject({ code: 'DST_OBJECTS_EXIST', message: expect.stringContaining('7001') })
  expect(await destination.query(`SELECT lo_get(7001)::text AS mine`)).toEqual([{ mine: '\\x6d696e65' }])
})

test('a run that is taken up again with another structure makes anew what changed, rows copied before included', {
  tags: 'long',
}, async () => {
  const { source, destination, input } = await databases()
  const broken = await run(input, breakBeside(destination, 'part'))
  expect(broken.outcome.error).toMatchObject({ code: 'TEST' })
  expect(await destination.query('SELECT count(*) FROM items')).toEqual([{ count: '4000' }])
  await source.query(MEANWHILE)
  const { outcome, codes } = await run(input)
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(source, destination)).toEqual([])
  expect(codes).toContain('PLAN_MADE_ANEW')
})

/** Behind the first lane the view is lost with everybody who reads by it, and an application changes the structure meanwhile. */
function loseView({ source, destination }: { source: TestDatabase; destination: TestDatabase }): Around {
  return (which, handler) => async (event, context) => {
    if (which.step !== 'CopyLaneFunction' || which.call > 1) return handler(event, context)
    const holder = await destination.connect()
    await holder.query(holdChunksOf('part'))
    const answer = await handler({ ...event, lane: 1 }, context)
    await source.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    await source.query(MEANWHILE)
    await holder.query('COMMIT')
    return answer
  }
}

test('a view that is lost and taken anew in one execution, with another structure meanwhile, is planned anew and migrated', {
  tags: 'long',
}, async () => {
  const { source, destination, input } = await databases()
  const { outcome, codes } = await run(input, loseView({ source, destination }))
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(source, destination)).toEqual([])
  expect(codes).toContain('PLAN_MADE_ANEW')
})

test('what is made on the source after the view is not migrated, and is listed by name', { tags: 'long' }, async () => {
  const { source, destination, input } = await databases()
  const { outcome, report } = await run(
    input,
    after('LinkObjectsFunction', 1, () =>
      source.query('CREATE TABLE late (id int); ALTER TABLE part ADD COLUMN c int; DROP TABLE leaving'),
    ),
  )
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(report.databases[0]?.events.filter(({ code }) => code === 'SRC_CHANGED_SINCE_VIEW')).toMatchObject([
    {
      level: 'warning',
      message: expect.stringMatching(
        /created: table public.late; dropped: table public.leaving; changed: table public.part$/,
      ),
    },
  ])
  expect(await destination.query(`SELECT to_regclass('late') AS late`)).toEqual([{ late: null }])
})
