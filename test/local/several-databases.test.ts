import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { newExecutionName } from '../../cli/execution-name.ts'
import { runTask } from '../../cli/run-task.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { reportSchema } from '../../lambdas/stages/report/model.ts'
import { type Handlers, loadHandlers } from '../../local/handlers.ts'
import { adoptDatabase, createDatabase, sharedServer, type TestDatabase } from '../support/servers.ts'

/** What holds on the source and breaks on the newer destination. */
const NEWER = `pg_catalog.current_setting('server_version_num')::int >= 180000`
const GOOD = `CREATE TABLE t (id int PRIMARY KEY, note text); INSERT INTO t SELECT i, 'n' || i FROM generate_series(1, 500) i`
const INDEX_FAILS = `CREATE FUNCTION same(note text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
    $$ BEGIN RETURN CASE WHEN ${NEWER} THEN 'one' ELSE note END; END $$;
  CREATE TABLE t (note text);
  INSERT INTO t SELECT 'n' || i FROM generate_series(1, 500) i;
  CREATE UNIQUE INDEX t_key ON t (public.same(note))`
/** The check of a column's own domain comes behind the rows; below an array it is there when they arrive. */
const LANE_FAILS = `CREATE DOMAIN word AS text CONSTRAINT older CHECK (NOT ${NEWER});
  CREATE TABLE t (id int PRIMARY KEY, notes word[]);
  INSERT INTO t SELECT i, ARRAY['n' || i]::word[] FROM generate_series(1, 500) i`

const directories: string[] = []
const admin = await createDatabase(sharedServer(18))
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true })
})

/** One of the databases of a task. */
interface Pair {
  readonly source: TestDatabase
  readonly destination: TestDatabase
}

async function pair(sql: string, owner: string): Promise<Pair> {
  const [source, destination] = [await createDatabase(sharedServer(15), sql), await createDatabase(sharedServer(18))]
  await admin.query(`ALTER DATABASE ${destination.name} OWNER TO ${owner}`)
  return { source, destination }
}

async function makeRole(): Promise<string> {
  const role = `mover_${randomBytes(4).toString('hex')}`
  await admin.query(`CREATE ROLE ${role} LOGIN CREATEDB PASSWORD 'p'`)
  return role
}

/** A task of several databases that can be started again and again. */
async function taskOf(pairs: readonly Pair[], user: string, overrides: Partial<TaskInput> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'sampan-several-'))
  directories.push(directory)
  const side = ({ host, port }: TestDatabase['connection'], user: string, password: string) => ({
    host,
    port,
    user,
    password,
    tls: { mode: 'disable' as const },
  })
  const [first] = pairs
  if (first === undefined) throw new Error('no database')
  const { connection } = first.source
  const input: TaskInput = {
    name: `several-${randomBytes(4).toString('hex')}`,
    source: side(connection, connection.user, connection.password),
    destination: side(first.destination.connection, user, 'p'),
    databases: pairs.map(({ source, destination }) => ({ name: source.name, as: destination.name })),
    lanes: 2,
    retry: { connectionMinutes: 10, otherMinutes: 1 },
    precheck: { acknowledge: ['DST_VERSION_DIFFERS', 'REG_COLUMNS'] },
    ...overrides,
  }
  const { task, problems } = readTask(input)
  if (task === null) throw new Error(JSON.stringify(problems))
  return async (afterPrecheck: () => Promise<unknown> = async () => {}) => {
    const worked = new Set<string>()
    const executionName = newExecutionName(task.name)
    const handlers = watched(await loadHandlers(), worked, afterPrecheck)
    const outcome = await runTask({
      input,
      task,
      executionName,
      directory,
      display: 'none',
      signal: new AbortController().signal,
      handlers,
    })
    const report = reportSchema.parse(JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')))
    const errors = new Map(report.databases.map(({ name, error }) => [name, error?.code ?? null]))
    return { outcome, report, worked, errors: pairs.map(({ source }) => errors.get(source.name)) }
  }
}

/** Notes which databases had something created or copied. */
function watched(handlers: Handlers, worked: Set<string>, afterPrecheck: () => Promise<unknown>): Handlers {
  const { CreateObjectsFunction, PrecheckFunction } = handlers
  return {
    ...handlers,
    async PrecheckFunction(event, context) {
      const answer = await PrecheckFunction(event, context)
      await afterPrecheck()
      return answer
    },
    async CreateObjectsFunction(event, context) {
      worked.add((event as StepEvent).database?.name ?? '')
      return CreateObjectsFunction(event, context)
    },
  }
}

const rowsOf = async (database: TestDatabase) => Number((await database.query('SELECT count(*) AS n FROM t'))[0]?.n)
const sealedAt = async (database: TestDatabase) =>
  (await database.query(`SELECT sealed_at FROM sampan.run WHERE state = 'sealed'`))[0]?.sealed_at ?? null

test('a database that fails stops no other, and the next start works for the failed ones alone', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const role = await makeRole()
  const good = await pair(GOOD, role)
  const index = await pair(INDEX_FAILS, role)
  const lane = await pair(LANE_FAILS, role)
  const source = await createDatabase(sharedServer(15), GOOD)
  const denied = { source, destination: { ...admin, name: `denied_${randomBytes(4).toString('hex')}` } }
  const start = await taskOf([good, index, lane, denied], role)

  const first = await start(() => admin.query(`ALTER ROLE ${role} NOCREATEDB`))
  expect(first.outcome.exitStatus).toBe(1)
  expect(first.report.status).toBe('failed')
  expect(first.errors).toEqual([null, 'OBJECTS_FAILED', 'DST_ROWS_REFUSED', 'DST_CREATE_DATABASE_DENIED'])
  expect(await rowsOf(good.destination)).toBe(500)
  const completed = await sealedAt(good.destination)
  expect(completed).not.toBeNull()
  expect(await sealedAt(index.destination)).toBeNull()
  expect(first.report.databases.find(({ name }) => name === good.source.name)?.tables[0]?.match).toBe(true)

  await admin.query(`ALTER ROLE ${role} CREATEDB`)
  await index.destination.query(
    'CREATE OR REPLACE FUNCTION same(note text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT note $$',
  )
  await lane.destination.query('ALTER DOMAIN word DROP CONSTRAINT older')
  const second = await start()
  const there = adoptDatabase(sharedServer(18), denied.destination.name)
  expect(second.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(second.errors).toEqual([null, null, null, null])
  expect(second.worked).toEqual(new Set([index, lane, denied].map(({ source }) => source.name)))
  expect(await sealedAt(good.destination)).toBe(completed)
  expect(await Promise.all([index.destination, lane.destination, there].map(rowsOf))).toEqual([500, 500, 500])
})

test('with onDatabaseError "stop" none begins after one has failed; those before it stay complete', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const role = await makeRole()
  const [before, failing, after] = [await pair(GOOD, role), await pair(INDEX_FAILS, role), await pair(GOOD, role)]
  const start = await taskOf([before, failing, after], role, { onDatabaseError: 'stop' })
  const first = await start()
  expect(first.outcome).toMatchObject({ exitStatus: 1, error: { code: 'OBJECTS_FAILED' } })
  expect(first.worked).toEqual(new Set([before, failing].map(({ source }) => source.name)))
  expect(await sealedAt(before.destination)).not.toBeNull()
  expect(await after.destination.query(`SELECT pg_catalog.to_regclass('public.t') AS t`)).toEqual([{ t: null }])

  await failing.destination.query(
    'CREATE OR REPLACE FUNCTION same(note text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT note $$',
  )
  const second = await start()
  expect(second.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(second.worked).toEqual(new Set([failing, after].map(({ source }) => source.name)))
  expect(await rowsOf(after.destination)).toBe(500)
})

test('the limits of a task hold for all its databases together', { tags: 'long', timeout: 60_000 }, async () => {
  const role = await makeRole()
  const rows = 60_000
  const many = `CREATE TABLE t (id int, note text); INSERT INTO t SELECT i, repeat('x', 40) FROM generate_series(1, ${rows}) i`
  const pairs = [await pair(many, role), await pair(many, role)]
  const start = await taskOf(pairs, role, { throttle: { rowsPerSecond: 10_000 }, validation: { mode: 'none' } })
  const { outcome } = await start()
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  // Each by itself would be done in six seconds. Ten percent above the limit at most.
  expect(outcome.milliseconds).toBeGreaterThan((2 * rows * 1000) / 11_000)
})
