import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { newExecutionName } from '../../../cli/execution-name.ts'
import { exitStatus } from '../../../cli/exit-status.ts'
import { runTask } from '../../../cli/run-task.ts'
import type { StepAnswer } from '../../../lambdas/core/runtime/verdict.ts'
import { readTask } from '../../../lambdas/core/task/problems.ts'
import type { TaskInput } from '../../../lambdas/core/task/task.ts'
import { spawnSampan } from '../../cli/spawn-sampan.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { runWorkflow, sideOf } from '../../support/run.ts'
import {
  createDatabase,
  type ServerAddress,
  sharedServer,
  startTestServer,
  type TestDatabase,
} from '../../support/servers.ts'

/** Tables with everything that a stream makes hard. */
const SCHEMA = `
  CREATE TABLE account (id int PRIMARY KEY, balance numeric NOT NULL, note text);
  ALTER TABLE account ALTER note SET STORAGE EXTERNAL;
  CREATE TABLE "Odd ""one" (k1 text, k2 bit varying(8), PRIMARY KEY (k2, k1), a int[], b json, c char(5), d timestamptz, e bytea,
    f double precision, g int GENERATED ALWAYS AS (length(k1)) STORED, h bigint GENERATED ALWAYS AS IDENTITY);
  CREATE TABLE swap (id int PRIMARY KEY, place int UNIQUE, held int, CONSTRAINT later UNIQUE (held) DEFERRABLE);
  CREATE TABLE parted (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
  CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20);
  CREATE TABLE child (id int PRIMARY KEY, account int REFERENCES account ON DELETE CASCADE);
  CREATE MATERIALIZED VIEW total AS SELECT sum(balance) AS sum FROM account;
  CREATE SEQUENCE counter;
  INSERT INTO account SELECT i, 1000, repeat(md5(i::text), 100) FROM generate_series(1, 200) i;
  INSERT INTO swap SELECT i, i, i FROM generate_series(1, 4) i;
  INSERT INTO "Odd ""one" VALUES ('a', B'101', '{1,NULL}', '{"x": 1}', 'ab', now(), '\\x00ff', 'NaN');
  INSERT INTO parted VALUES (1, 5), (2, 15);
  INSERT INTO child SELECT i, i FROM generate_series(1, 50) i;`

/** What one turn of the writer does; each is a transaction. */
const TURNS: readonly string[] = [
  `UPDATE account SET balance = balance + CASE id WHEN 1 THEN -7 ELSE 7 END WHERE id IN (1, 2)`,
  `UPDATE account SET balance = balance + CASE id WHEN 3 THEN -1 ELSE 1 END, note = repeat('x', 9000) WHERE id IN (3, 4)`,
  `BEGIN; UPDATE swap SET place = 100 WHERE id = 1; UPDATE swap SET place = 1 WHERE id = 2; UPDATE swap SET place = 2 WHERE id = 1;
   UPDATE swap SET place = 101 WHERE id = 1; UPDATE swap SET place = 2 WHERE id = 2; UPDATE swap SET place = 1 WHERE id = 1; COMMIT`,
  `BEGIN; SET CONSTRAINTS later DEFERRED; UPDATE swap SET held = CASE held WHEN 3 THEN 4 ELSE 3 END WHERE held IN (3, 4); COMMIT`,
  `BEGIN; INSERT INTO account VALUES (1000, 0, 'gone'); SAVEPOINT s; DELETE FROM account WHERE id = 1000; ROLLBACK TO s; COMMIT;
   DELETE FROM account WHERE id = 1000`,
  `UPDATE account SET id = CASE id WHEN 150 THEN 500 ELSE 150 END WHERE id IN (150, 500)`,
  `INSERT INTO "Odd ""one" VALUES (nextval('counter'), B'1', ARRAY[1, 2], '[]', 'x', now(), '\\x01', '-0')`,
  `UPDATE "Odd ""one" SET a = NULL, c = 'é', f = random() WHERE k1 = 'a'`,
  `UPDATE parted SET day = (day + 10) % 20 WHERE id = 1`,
  `BEGIN; UPDATE child SET account = 7 WHERE account = 6; COMMIT`,
]

/** Which the copy itself does not bear again and again. */
const EMPTYING = `BEGIN; TRUNCATE parted_2; INSERT INTO parted VALUES (2, 15); COMMIT`

async function writing(source: TestDatabase, until: AbortSignal): Promise<number> {
  const client = await source.connect()
  let turns = 0
  while (!until.aborted) {
    await client.query(TURNS[turns % TURNS.length] ?? '')
    // A shop, not a benchmark: the servers of all tests share two processors.
    await sleep(5)
    turns += 1
  }
  return turns
}

async function waitFor(database: TestDatabase, sql: string): Promise<void> {
  for (;;) {
    const rows = await database.query(sql).catch(() => [])
    if (rows.length > 0) return
    await sleep(100)
  }
}

const contents = (database: TestDatabase) =>
  Promise.all(
    ['account', '"Odd ""one"', 'swap', 'parted_1', 'parted_2', 'child', 'total'].map((table) =>
      database.query(`SELECT t::text AS row FROM ${table} t ORDER BY 1`),
    ),
  )

const leftOn = (source: TestDatabase) =>
  source.query(`SELECT slot_name FROM pg_replication_slots UNION ALL SELECT pubname FROM pg_publication`)

const CAUGHT_UP = `SELECT 1 FROM sampan.event WHERE code = 'FOLLOW_CAUGHT_UP'`
const FOREIGN_KEYS = `SELECT 1 FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace`

async function begin(server: ServerAddress, major: 15 | 18 = 15) {
  const source = await createDatabase(server, SCHEMA)
  const destination = await createDatabase(sharedServer(major))
  const task: TaskInput = {
    name: `follow-${randomBytes(4).toString('hex')}`,
    mode: 'follow',
    follow: {},
    source: sideOf(source.connection),
    destination: sideOf(destination.connection),
    databases: [{ name: source.name, as: destination.name }],
    chunkMegabytes: 1,
    precheck: { acknowledge: ['DST_VERSION_DIFFERS', 'REG_COLUMNS'] },
  }
  return { source, destination, task }
}

async function expectEqual(source: TestDatabase, destination: TestDatabase): Promise<void> {
  await source.query('REFRESH MATERIALIZED VIEW total')
  expect(await contents(destination)).toEqual(await contents(source))
  expect(await destination.query('SELECT sum(balance) FROM account')).toEqual([{ sum: '200000' }])
  expect(await destination.query(FOREIGN_KEYS)).toHaveLength(1)
  const value = 'SELECT last_value FROM counter'
  expect(await destination.query(value)).toEqual(await source.query(value))
}

let server15: ServerAddress
beforeAll(async () => {
  server15 = await startTestServer({ major: 15, settings: { wal_level: 'logical', max_prepared_transactions: '2' } })
})

async function serverOf(major: 15 | 18): Promise<ServerAddress> {
  return major === 15 ? server15 : startTestServer({ major, settings: { wal_level: 'logical' } })
}

test.each([15, 18] as const)(
  'a source %i that goes on changing is followed from the copy to the cutover, and nothing is missing, doubled or left behind',
  { tags: 'long', timeout: 120_000 },
  async (major) => {
    const { source, destination, task } = await begin(await serverOf(major), major)
    const stopping = new AbortController()
    const writer = writing(source, stopping.signal)
    const running = runWorkflow(task, await temporaryDirectory())
    await Promise.race([running, waitFor(destination, CAUGHT_UP)])
    expect(await destination.query(FOREIGN_KEYS)).toEqual([])
    for (let turn = 0; turn < 5; turn += 1) await source.query(EMPTYING)
    stopping.abort()
    expect(await writer).toBeGreaterThan(TURNS.length)
    await destination.query(`UPDATE sampan.stream SET cutover_at = now()`)
    expect((await running).error).toBeNull()
    await expectEqual(source, destination)
    expect(await destination.query('SELECT state FROM sampan.stream WHERE changes > 0')).toEqual([{ state: 'closed' }])
    expect(await leftOn(source)).toEqual([])
  },
)

/** A run as a process of its own, killed as soon as `sql` has a row in the destination, and a moment more. */
async function killed(task: TaskInput, destination: TestDatabase, sql: string): Promise<void> {
  const directory = await temporaryDirectory()
  const file = join(directory, 'task.json')
  await writeFile(file, JSON.stringify(task))
  const { child, ended, output } = spawnSampan(['run', file, '--quiet', '--out', directory])
  const early = ended.then(() => Promise.reject(new Error(output())))
  await Promise.race([early, waitFor(destination, sql)])
  await sleep(Math.random() * 300)
  early.catch(() => {})
  child.kill('SIGKILL')
  await ended
}

test('a run that is killed during the copy, and again while it follows, goes on where it was', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const { source, destination, task } = await begin(server15)
  const stopping = new AbortController()
  const writer = writing(source, stopping.signal)
  await killed(task, destination, `SELECT 1 FROM sampan.stream WHERE state = 'open'`)
  expect(await leftOn(source)).not.toEqual([])
  await killed(task, destination, 'SELECT 1 FROM sampan.stream WHERE changes > 200')
  const before = await destination.query('SELECT changes FROM sampan.stream')
  const running = runWorkflow(task, await temporaryDirectory())
  await Promise.race([
    running,
    waitFor(destination, `SELECT 1 FROM sampan.stream WHERE changes > ${before[0]?.changes}`),
  ])
  stopping.abort()
  await writer
  await destination.query(`UPDATE sampan.stream SET cutover_at = now()`)
  expect((await running).error).toBeNull()
  await expectEqual(source, destination)
  expect(await leftOn(source)).toEqual([])
})

test.each([
  ['a write', `UPDATE account SET balance = 0 WHERE id = 1`],
  ['a table that is rewritten', `ALTER TABLE account ALTER note TYPE text USING lower(note) || 'x'`],
])(
  'a cutover waits for no writer for long, and %s behind it fails the run before it is sealed',
  {
    tags: 'long',
    timeout: 120_000,
  },
  async (_, late) => {
    const { source, destination, task: wished } = await begin(server15)
    const task: TaskInput = { ...wished, validation: { mode: 'counts' } }
    const running = runWorkflow(task, await temporaryDirectory(), ({ step }, handler) => async (event, context) => {
      if (step === 'LinkObjectsFunction') await source.query(late)
      return handler(event, context)
    })
    await Promise.race([running, waitFor(destination, CAUGHT_UP)])
    const slow = await source.connect()
    await slow.query(`BEGIN; UPDATE account SET balance = 5 WHERE id = 1; PREPARE TRANSACTION 'late'`)
    await destination.query(`UPDATE sampan.stream SET cutover_at = now()`)
    await waitFor(
      destination,
      `SELECT 1 FROM sampan.stream WHERE withdrawn ~ 'prepared transaction' AND cutover_at IS NULL`,
    )
    await slow.query(`COMMIT PREPARED 'late'`)
    await destination.query(`UPDATE sampan.stream SET cutover_at = now()`)
    expect((await running).error).toMatchObject({ code: 'CUTOVER_LATE_WRITES' })
    expect(await leftOn(source)).toEqual([])
    expect(await destination.query('SELECT state FROM sampan.run')).toEqual([{ state: 'open' }])
  },
)

const FAILED: StepAnswer = {
  ...{ verdict: 'failed', pause: 0, window: null, output: null, spent: 0 },
  error: { kind: 'other', code: 'OBJECTS_FAILED', message: 'not made', remedy: 'make it' },
}

test('a run that fails behind its cutover is finished by its next start, where nobody has written to the source since', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const { source, destination, task } = await begin(server15)
  const counted: TaskInput = { ...task, validation: { mode: 'counts' } }
  const running = runWorkflow(counted, await temporaryDirectory(), ({ step }, handler) =>
    step === 'LinkObjectsFunction' ? async () => FAILED : handler,
  )
  await Promise.race([running, waitFor(destination, CAUGHT_UP)])
  // Rows that are the same in another file hold no cutover up.
  await source.query('VACUUM FULL swap')
  await destination.query(`UPDATE sampan.stream SET cutover_at = now()`)
  expect((await running).error).toMatchObject({ code: 'OBJECTS_FAILED' })
  expect(await leftOn(source)).toEqual([])
  expect(await destination.query(`SELECT level FROM sampan.event WHERE code = 'CUTOVER_HOLDS'`)).toHaveLength(1)
  await source.query(`UPDATE account SET balance = balance + 1 WHERE id = 1`)
  const again = async () => (await runWorkflow(counted, await temporaryDirectory())).error
  expect(await again()).toMatchObject({
    code: 'CUTOVER_LATE_WRITES',
    message: expect.stringContaining('public.account'),
  })
  await source.query(`UPDATE account SET balance = balance - 1 WHERE id = 1`)
  await destination.query(`UPDATE sampan.stream SET state = 'arrived'`)
  expect(await again()).toBeNull()
  await expectEqual(source, destination)
  expect(await destination.query('SELECT state FROM sampan.stream')).toEqual([{ state: 'closed' }])
})

/** Stopped as by Ctrl-C when its changes follow. */
async function stopped(task: TaskInput, destination: TestDatabase): Promise<readonly string[]> {
  const parsed = readTask(task).task
  if (parsed === null) throw new Error('the test’s task is wrong')
  const stopping = new AbortController()
  const directory = await temporaryDirectory()
  const running = runTask({
    ...{
      input: task,
      task: parsed,
      executionName: newExecutionName(parsed.name),
      directory,
    },
    ...{ display: 'none', signal: stopping.signal },
  })
  await Promise.race([running, waitFor(destination, CAUGHT_UP)])
  stopping.abort()
  expect(await running).toMatchObject({ exitStatus: exitStatus.stopped })
  return JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')).notes
}

test('a run that is stopped takes back what it had opened, and its next start says that changes are missing', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const { source, destination, task } = await begin(server15)
  await stopped(task, destination)
  expect(await leftOn(source)).toEqual([])
  expect((await runWorkflow(task, await temporaryDirectory())).error).toMatchObject({ code: 'FOLLOW_STREAM_CLOSED' })
  expect(await leftOn(source)).toEqual([])
})

test('a run whose slot may stay goes on at its receipt when it is started again, and leaves nothing then', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const { source, destination, task } = await begin(server15)
  const kept = { ...task, follow: { keepSlot: true } }
  expect((await stopped(kept, destination)).join()).toContain('FOLLOW_SLOT_KEPT: the slot stays on the source')
  expect(await leftOn(source)).toHaveLength(2)
  await source.query(TURNS[0] ?? '')
  const running = runWorkflow(kept, await temporaryDirectory())
  await Promise.race([running, waitFor(destination, `SELECT 1 FROM sampan.stream WHERE changes > 0`)])
  await destination.query(`UPDATE sampan.stream SET cutover_at = now()`)
  expect((await running).error).toBeNull()
  await expectEqual(source, destination)
  expect(await leftOn(source)).toEqual([])
})
