import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createSampleRoles, loadSample } from '../../cli/demo/sample.ts'
import { newExecutionName } from '../../cli/execution-name.ts'
import { planChanged } from '../../cli/plan/drift.ts'
import { watchPlans } from '../../cli/plan/watch-plans.ts'
import { runTask } from '../../cli/run-task.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { loadHandlers } from '../../local/handlers.ts'
import { temporaryDirectory } from '../support/directories.ts'
import { sideOf } from '../support/run.ts'
import { adoptDatabase, createDatabase, sharedServer, startTestServer, type TestDatabase } from '../support/servers.ts'
import { sampan } from './in-process.ts'

const SHOP = `
  CREATE TYPE mood AS ENUM ('fine', 'bad');
  CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL, mood mood DEFAULT 'fine');
  CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int REFERENCES customer, note text);
  CREATE INDEX orders_note ON orders (lower(note));
  CREATE TABLE left_out (id int);
  CREATE VIEW fine AS SELECT id FROM customer WHERE mood = 'fine';
  CREATE FUNCTION twice(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN -- a comment; and a semicolon
    RETURN 2 * n; END $$;
  COMMENT ON TABLE customer IS 'who buys; it''s them';
  INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 1000) n;
  INSERT INTO orders (customer, note) SELECT 1 + n % 1000, repeat('x', 200) FROM generate_series(1, 20000) n;
  ANALYZE`

async function setUp(sql = SHOP, change: Partial<TaskInput> = {}) {
  const source = await createDatabase(sharedServer(15), sql)
  const destination = await createDatabase(sharedServer(18))
  const directory = await temporaryDirectory()
  const task = join(directory, 'task.json')
  const input: TaskInput = {
    name: `test-${randomBytes(4).toString('hex')}`,
    source: sideOf(source.connection),
    destination: sideOf(destination.connection),
    databases: [{ name: source.name, as: destination.name, exclude: ['public.left_out'] }],
    chunkMegabytes: 1,
    precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
    ...change,
  }
  await writeFile(task, JSON.stringify(input))
  const out = join(directory, 'out')
  const plan = (...more: readonly string[]) => sampan('plan', task, '--out', out, ...more)
  const run = (hash: string, ...more: readonly string[]) =>
    sampan('run', task, '--out', out, '--quiet', '--plan', hash, ...more)
  return { source, destination, directory, task, input, out, plan, run }
}

const hashIn = (text: string) => /^ {2}plan {8}([0-9a-f]{16})$/m.exec(text)?.[1] ?? ''

/** Everything that stands outside of the server's own schemas, and the ledger. */
const STANDING = `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^(pg_|information_schema)' AND n.nspname <> 'sampan' ORDER BY 1`

const standing = async (database: TestDatabase) => (await database.query(STANDING)).map(({ name }) => name)

describe('sampan plan', () => {
  it('tells findings, objects, tables, openings and a hash, which is the same as long as nothing changes', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const { destination, plan, out } = await setUp()
    const { status, stdout, stderr } = await plan()
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/info +\w+ {2}|warning +\w+ {2}/)
    expect(stdout).toMatch(/warning +DST_VERSION_DIFFERS {2}.*\(acknowledged\)/)
    expect(stdout).toMatch(/public\.orders {2}about 20,000 rows, [\d.]+ MB, \d chunks \(ranges of pages\), binary/)
    expect(stdout).toMatch(/public\.customer {2}about 1,000 rows, [\d.]+ kB, 1 chunk/)
    expect(stdout).toMatch(/skipped +table public\.left_out/)
    expect(stdout).toMatch(/objects\n +\d+ as they are, 0 transformed, 1 left out\n/)
    expect(stdout).toMatch(/lanes +4 connections for each database, chunks of 1 MB at most/)
    expect(stdout).toMatch(/access +nothing is to be opened/)
    expect(hashIn(stdout)).toMatch(/^[0-9a-f]{16}$/)
    expect(await standing(destination)).toEqual([])
    const again = JSON.parse((await plan('--json')).stdout)
    expect(again.hash).toBe(hashIn(stdout))
    expect(again.databases[0].tables).toContainEqual(
      expect.objectContaining({ name: 'public.orders', rowsEstimated: 20_000, ranges: 'tid', format: 'binary' }),
    )
    expect(again.databases[0].objects).toContainEqual({
      kind: 'TABLE',
      name: 'public.left_out',
      as: 'public.left_out',
      verdict: 'skip',
      reason: expect.any(String),
    })
    expect(JSON.parse(await readFile(join(out, 'plan.json'), 'utf8')).hash).toBe(again.hash)
  })

  it('writes the statements that make the very same structure, without a password', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const mapping = `CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'far.example');
      CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'reader', password 'it''s-hunter2')`
    const { source, destination, directory, plan, input } = await setUp(`${SHOP}; ${mapping}`, {
      precheck: { acknowledge: ['DST_VERSION_DIFFERS', 'FOREIGN_TABLES'] },
    })
    const file = join(directory, 'plan.sql')
    const { status, stdout, stderr } = await plan('--sql', file)
    expect({ status, stderr, stdout }).toMatchObject({ status: 0, stderr: '' })
    const text = await readFile(file, 'utf8')
    expect(text).not.toContain('hunter2')
    expect(text).not.toContain(source.connection.password)
    expect(text).toContain(
      `-- What sampan run makes on the destination for the task ${input.name}. Plan ${hashIn(stdout)}.`,
    )
    expect(text).toContain(`\\connect "${destination.name}"`)
    expect(text).toMatch(/-- COPY "public"\."orders" \("id", "customer", "note"\) FROM STDIN \(FORMAT binary\);/)
    expect(text).not.toMatch(/^SELECT sampan\./m)
    // What psql itself obeys is taken out; everything else goes to the server as it stands.
    await destination.query(text.replaceAll(/^\\connect .*$/gm, ''))
    const made = (await standing(source)).filter((name) => name !== 'public.left_out')
    expect(await standing(destination)).toEqual(made)
    const definitions = `SELECT twice(21) AS twice, obj_description('public.customer'::regclass) AS said,
      (SELECT string_agg(pg_get_constraintdef(oid), '; ' ORDER BY conname) FROM pg_constraint WHERE conrelid = 'public.orders'::regclass AND contype <> 'n') AS keys`
    expect(await destination.query(definitions)).toEqual(await source.query(definitions))
  })

  it('writes statements that make one of every kind of object', { tags: 'long', timeout: 90_000 }, async () => {
    const [from, to] = await Promise.all([startTestServer({ major: 15 }), startTestServer({ major: 18 })])
    const source = adoptDatabase(from, (await loadSample(from)).database)
    await createSampleRoles(to)
    const destination = await createDatabase(to)
    const directory = await temporaryDirectory()
    const task = join(directory, 'task.json')
    const file = join(directory, 'plan.sql')
    const input: TaskInput = {
      name: 'every-kind',
      source: sideOf(source.connection),
      destination: sideOf(destination.connection),
      databases: [{ name: source.name, as: destination.name }],
      precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
    }
    await writeFile(task, JSON.stringify(input))
    const planned = await sampan('plan', task, '--out', join(directory, 'out'), '--sql', file)
    expect(planned).toMatchObject({ status: 0, stderr: '' })
    const text = await readFile(file, 'utf8')
    // Large objects come with the rows; what is said of them is among the statements.
    for (const { oid } of await source.query('SELECT oid::text FROM pg_largeobject_metadata')) {
      await destination.query(`SELECT lo_create(${oid})`)
    }
    await destination.query(text.replaceAll(/^\\connect .*$/gm, ''))
    expect(await standing(destination)).toEqual(await standing(source))
  })

  it('has no plan where the precheck refuses, and says what to do', async () => {
    const { destination, plan } = await setUp()
    await destination.query('CREATE TABLE customer (other text)')
    const { status, stdout } = await plan()
    expect(status).toBe(3)
    expect(stdout).toMatch(/^DST_OBJECTS_EXIST /m)
    expect(hashIn(stdout)).toBe('')
  }, 60_000)

  it('names a file that cannot be written', async () => {
    const { directory, plan } = await setUp()
    const { status, stderr } = await plan('--sql', directory)
    expect(status).toBe(2)
    expect(stderr).toContain('SQL_NOT_WRITABLE')
  }, 60_000)
})

/** What a sample would leave, were it not rolled back. */
const LEFT = `SELECT relname FROM pg_class WHERE relname LIKE 'plan\\_sample%'`

describe('how long a run takes', () => {
  it('is measured by samples that leave nothing, also of types that the destination does not have', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const { destination, plan } = await setUp()
    const { stdout } = await plan()
    expect(stdout).toMatch(/time +[\d.]+ s( to [\d.]+ s)?\n/)
    expect(stdout).toMatch(
      /measured just now from this machine: \d+ samples? \([\d.]+ MB\) by \d lanes? at [\d.]+ [kMG]B\/s, rolled back/,
    )
    expect(stdout).toMatch(/money +less than 0\.01 US dollars, if the source is on AWS/)
    expect(await destination.query(LEFT)).toEqual([])
    const { time } = JSON.parse((await plan('--json')).stdout)
    expect(time.seconds.low).toBeGreaterThan(0)
    expect(time.seconds.high).toBeGreaterThan(time.seconds.low)
    // The whole shop is read, so what travels is known.
    expect(time.sent).toBeGreaterThan(4_000_000)
    expect(time.sent).toBeLessThan(6_000_000)
  })

  it('is bound by the task’s limit, which holds for the samples as well', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const { plan } = await setUp(SHOP, { throttle: { megabytesPerSecond: 1 } })
    const began = performance.now()
    const { time } = JSON.parse((await plan('--json')).stdout)
    expect(performance.now() - began).toBeGreaterThan(3_000)
    expect(time.copy.low).toBeGreaterThanOrEqual(time.sent / 1_000_000)
  })

  it('is not known where there are no rows', async () => {
    const { plan } = await setUp('CREATE TABLE orders (id int); CREATE TABLE left_out (id int)')
    const { status, stdout } = await plan()
    expect(status).toBe(0)
    expect(stdout).toMatch(/time +not known: no table has rows/)
    expect(stdout).not.toMatch(/money/)
  }, 60_000)
})

describe('sampan run --plan', () => {
  it('runs what was planned, and the same again', { tags: 'long', timeout: 90_000 }, async () => {
    const { source, destination, plan, run } = await setUp()
    const hash = hashIn((await plan()).stdout)
    expect(await run(hash)).toMatchObject({ status: 0, stderr: '' })
    const count = 'SELECT count(*) FROM orders'
    expect(await destination.query(count)).toEqual(await source.query(count))
    expect(await run(hash)).toMatchObject({ status: 0, stderr: '' })
    expect((await plan()).stdout).toMatch(/time +not known: an earlier start of the run has completed all of it/)
  })

  it('refuses to start when the source has become another one, and says in what', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const { source, destination, plan, run } = await setUp()
    const hash = hashIn((await plan()).stdout)
    await source.query(
      `CREATE TABLE late (id int); DROP FUNCTION twice(int); ALTER TABLE customer ADD COLUMN more text`,
    )
    const told = join(await temporaryDirectory(), 'told.json')
    const { status, stderr } = await run(hash, '--notify', `cat >> '${told}'`)
    expect(status).toBe(3)
    expect(JSON.parse(await readFile(told, 'utf8'))).toMatchObject({ type: 'alert', code: 'PLAN_CHANGED' })
    expect(stderr).toMatch(/^PLAN_CHANGED {2}the plan is [0-9a-f]{16} now, not [0-9a-f]{16}: new: /m)
    expect(stderr).toMatch(
      /new: table public\.late, rows of public\.late; gone: function public\.twice\(integer\); different: /,
    )
    expect(stderr).toMatch(/different: .*table public\.customer.*rows of public\.customer/)
    expect(await standing(destination)).toEqual([])
  })

  it('looks again when the run has planned a database, before anything is made of it', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const { destination, input, out } = await setUp()
    const { task } = readTask(input)
    if (task === null) throw new Error('the task is wrong')
    const handlers = watchPlans(await loadHandlers(), async () => {
      throw planChanged('0123456789abcdef', 'another one', 'new: table public.late')
    })
    const signal = new AbortController().signal
    const run = {
      input,
      task,
      executionName: newExecutionName('plan'),
      directory: out,
      display: 'none',
      signal,
    } as const
    expect(await runTask({ ...run, handlers })).toMatchObject({ exitStatus: 1, error: { code: 'PLAN_CHANGED' } })
    expect(await standing(destination)).toEqual([])
  })

  it('refuses another task, and does not know what differs from a plan that it does not have', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const { task, input, directory, plan, run } = await setUp()
    const hash = hashIn((await plan()).stdout)
    await writeFile(task, JSON.stringify({ ...input, validation: { mode: 'none' } }))
    expect((await run(hash)).stderr).toMatch(/different: validation of the task/)
    const elsewhere = await run(hash, '--out', join(directory, 'elsewhere'))
    expect(elsewhere).toMatchObject({ status: 3, stderr: expect.stringContaining('what has changed is not known') })
    expect(await run('x')).toMatchObject({ status: 2 })
  })
})
