import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { openDestination, openSource } from '../../../lambdas/core/postgres/sessions.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { streamLimits } from '../../../lambdas/core/stream/change-stream.ts'
import { openStream } from '../../../lambdas/core/stream/open-stream.ts'
import type { TaskInput } from '../../../lambdas/core/task/task.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { readTablesThere } from '../../../lambdas/stages/follow/destination-tables.ts'
import { followTimes } from '../../../lambdas/stages/follow/follow.ts'
import { partLimits } from '../../../lambdas/stages/follow/follower.ts'
import { handler as planObjects } from '../../../lambdas/stages/schema/plan-handler.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { stepContext } from '../../support/events.ts'
import { runWorkflow, sideOf } from '../../support/run.ts'
import {
  createDatabase,
  type ServerAddress,
  sharedServer,
  startTestServer,
  type TestDatabase,
} from '../../support/servers.ts'

const SCHEMA = `
  CREATE TYPE mood AS ENUM ('sad');
  CREATE TABLE items (id int PRIMARY KEY, mood mood, note text);
  CREATE TABLE unmade (id int PRIMARY KEY);
  INSERT INTO items SELECT n, 'sad', 'x' FROM generate_series(1, 20) n;
  CREATE SCHEMA staging; CREATE TABLE staging.old (id int PRIMARY KEY);`

let server: ServerAddress
beforeAll(async () => {
  server = await startTestServer({ major: 15, settings: { wal_level: 'logical' } })
})
const { message, waiting } = streamLimits
const { life } = followTimes
const { changes } = partLimits
afterEach(() => {
  Object.assign(streamLimits, { message, waiting })
  followTimes.life = life
  partLimits.changes = changes
})

interface Told {
  readonly verdict: string
  readonly error?: { readonly code: string } | null
}

/** A run that follows: what Follow answered, and an event of the run's. */
async function begin(wishes: Partial<TaskInput> = {}, beforeCreating = '') {
  const source = await createDatabase(server, SCHEMA)
  const destination = await createDatabase(sharedServer(15))
  const task: TaskInput = {
    ...{ name: `stops-${randomBytes(4).toString('hex')}`, mode: 'follow', follow: {} },
    ...{ source: sideOf(source.connection), destination: sideOf(destination.connection) },
    databases: [{ name: source.name, as: destination.name, exclude: ['staging.*'] }],
    ...wishes,
  }
  const answers: Told[] = []
  let event: StepEvent | null = null
  const running = runWorkflow(task, await temporaryDirectory(), ({ step }, handler) => async (given, context) => {
    if (step === 'FollowFunction' && (given as StepEvent).database !== null) event = given as StepEvent
    if (step === 'CreateObjectsFunction' && beforeCreating !== '') await destination.query(beforeCreating)
    const answer = await handler(given, context)
    if (step === 'FollowFunction') answers.push(answer)
    return answer
  })
  running.catch(() => {})
  const until = async (condition: () => Promise<boolean> | boolean) => {
    let over = false
    running.finally(() => {
      over = true
    })
    while (!(await condition()) && !over) await sleep(50)
  }
  await until(async () => (await rowsOf(destination, CAUGHT_UP)).length > 0)
  const toldOf = (code: string) => until(() => answers.some(({ error }) => error?.code === code))
  return { source, destination, running, until, toldOf, event: () => event as unknown as StepEvent }
}

const CAUGHT_UP = `SELECT 1 FROM sampan.event WHERE code = 'FOLLOW_CAUGHT_UP'`
const rowsOf = (database: TestDatabase, sql: string) => database.query(sql).catch(() => [])
const leftOn = (source: TestDatabase) =>
  source.query(
    `SELECT slot_name FROM pg_replication_slots WHERE database = current_database() UNION ALL SELECT pubname FROM pg_publication`,
  )
const endReader = `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database()`
const ADVANCE = `SELECT pg_replication_slot_advance(slot_name, pg_current_wal_lsn()) FROM pg_replication_slots WHERE database = current_database()`
const ASK = `UPDATE sampan.stream SET cutover_at = now(), withdrawn = NULL`

test('what can be mended is waited for: a label that the enum lacks, a column that is not there, a table that was created', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const { source, destination, running, until, toldOf, event } = await begin()
  await expectFenced(event(), source)
  await expectLookedAt(event(), source)
  await source.query(`ALTER TYPE mood ADD VALUE 'glad'; CREATE TABLE late (id int)`)
  await source.query(`INSERT INTO items VALUES (100, 'glad', 'new')`)
  await toldOf('FOLLOW_ROW_REFUSED')
  await destination.query(`ALTER TYPE mood ADD VALUE 'glad'; ALTER TABLE items RENAME note TO other`)
  await toldOf('FOLLOW_DESTINATION_CHANGED')
  await destination.query('ALTER TABLE items RENAME other TO note')
  await until(async () => (await rowsOf(destination, 'SELECT 1 FROM items WHERE id = 100')).length > 0)
  const altered = `SELECT 1 FROM sampan.event WHERE code = 'FOLLOW_ALTERED' AND message ~ 'created: table public.late'`
  await until(async () => (await rowsOf(destination, altered)).length > 0)
  await destination.query(ASK)
  await until(
    async () =>
      (await rowsOf(destination, `SELECT 1 FROM sampan.stream WHERE withdrawn ~ 'created: table public.late'`)).length >
      0,
  )
  // A right, an owner's setting, the table gone again, and what the task leaves out: none of it concerns the rows.
  await source.query('DROP TABLE staging.old; CREATE TABLE staging.new (id int)')
  await source.query('DROP TABLE late; GRANT SELECT ON items TO PUBLIC; ALTER TABLE items SET (fillfactor = 70)')
  await destination.query(ASK)
  expect((await running).error).toBeNull()
  const items = 'SELECT * FROM items ORDER BY id'
  expect(await destination.query(items)).toEqual(await source.query(items))
  expect(await leftOn(source)).toEqual([])
})

/** An older start opens nothing beside the one that is at work, and a keeper that is called twice opens nothing again. */
async function expectFenced(event: StepEvent, source: TestDatabase): Promise<void> {
  const slots = await leftOn(source)
  const older = { ...event, run: { ...event.run, execution: 'older' } }
  const from = await openSource(event, process.env, { purpose: 'test' })
  const to = await openDestination(older, process.env, { purpose: 'test' })
  const opening = { event, environment: process.env, signal: new AbortController().signal }
  await expect(openStream(from, to, { ...opening, generation: 99 })).rejects.toMatchObject({ code: 'RUN_TAKEN_OVER' })
  expect(await openStream(from, to, { ...opening, generation: 1 })).toBeNull()
  await Promise.all([from.close(), to.close()])
  expect(await leftOn(source)).toEqual(slots)
}

/** Who only plans takes nothing over: the run comes to its cutover, and closes its stream. */
async function expectLookedAt(event: StepEvent, source: TestDatabase): Promise<void> {
  const slots = await leftOn(source)
  const run = { ...event.run, execution: 'onlooker' }
  const onlooker: StepEvent = { ...event, run, task: { ...event.task, mode: 'plan' } }
  expect(await planObjects(onlooker, stepContext())).toMatchObject({ verdict: 'done' })
  expect(await planCopy(onlooker, stepContext())).toMatchObject({ verdict: 'done' })
  expect(await leftOn(source)).toEqual(slots)
}

test.each([
  [
    'a table that is altered',
    'FOLLOW_SCHEMA_CHANGED',
    (source: TestDatabase) => source.query('ALTER TABLE items ADD more int; INSERT INTO items (id) VALUES (100)'),
  ],
  [
    'a table that is dropped',
    'FOLLOW_SCHEMA_CHANGED',
    async (source: TestDatabase) => {
      await source.query('DROP TABLE items')
      await source.query(endReader)
    },
  ],
  [
    'a change that is larger than memory',
    'FOLLOW_ROW_TOO_LARGE',
    (source: TestDatabase) => {
      streamLimits.message = 100_000
      return source.query(`INSERT INTO items VALUES (100, 'sad', repeat('x', 200000))`)
    },
  ],
  [
    'a row that somebody has deleted on the destination',
    'FOLLOW_ROWS_MISSING',
    async (source: TestDatabase, destination: TestDatabase) => {
      await destination.query('DELETE FROM items WHERE id = 1')
      await source.query(`UPDATE items SET note = 'y' WHERE id = 1`)
    },
  ],
  [
    'a slot that is further than the destination',
    'FOLLOW_POSITION_LOST',
    async (source: TestDatabase) => {
      const client = await source.connect()
      // The follower begins again no sooner than in a second.
      await client.query(endReader)
      await client.query(`INSERT INTO items VALUES (100, 'sad', 'lost')`)
      while ((await client.query(ADVANCE).catch(() => null)) === null) await sleep(20)
    },
  ],
  [
    'a start that has taken the run over and does not follow',
    'RUN_TAKEN_OVER',
    (_: TestDatabase, destination: TestDatabase) =>
      destination.query(`UPDATE sampan.run SET former = ARRAY[execution], execution = 'other', mode = 'plan'`),
  ],
  [
    'a position that another worker has moved',
    'FOLLOW_TAKEN_OVER',
    (_: TestDatabase, destination: TestDatabase) =>
      destination.query('UPDATE sampan.stream SET receipt = receipt + 16777216'),
  ],
] as const)(
  '%s ends the run with %s, before a wrong row and with nothing left behind',
  { tags: 'long', timeout: 120_000 },
  async (_, code, spoil) => {
    const { source, destination, running } = await begin()
    await spoil(source, destination)
    await source.query(`INSERT INTO items VALUES (200, 'sad', 'behind')`).catch(() => {})
    expect((await running).error).toMatchObject({ code })
    expect(await destination.query('SELECT 1 FROM items WHERE id >= 100')).toEqual([])
    expect(await leftOn(source)).toEqual([])
  },
)

test('a table whose values are computed anew is found at the cutover, whatever is compared', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const { source, destination, running } = await begin({ validation: { mode: 'counts' } })
  await source.query(`ALTER TABLE items ALTER note TYPE text USING upper(note)`)
  await destination.query(ASK)
  expect((await running).error).toMatchObject({ code: 'FOLLOW_SCHEMA_CHANGED' })
  expect(await leftOn(source)).toEqual([])
})

test('a table that could not be made is not followed, where the task goes on without it', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const spoilt = `UPDATE sampan.object SET sql = 'CREATE TABLE;' WHERE kind = 'TABLE' AND name = 'unmade'`
  const { source, destination, running, until } = await begin({ onObjectError: 'continue' }, spoilt)
  expect(await source.query(`SELECT 1 FROM pg_publication_tables WHERE tablename = 'unmade'`)).toEqual([])
  await source.query(`INSERT INTO unmade VALUES (1); INSERT INTO items VALUES (100, 'sad', 'new')`)
  await until(async () => (await rowsOf(destination, 'SELECT 1 FROM items WHERE id = 100')).length > 0)
  await destination.query(ASK)
  expect((await running).error).toBeNull()
  expect(await destination.query('SELECT 1 FROM items WHERE id = 100')).toHaveLength(1)
})

test('a transaction that takes longer than a life of the follower is applied in one, and told', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  Object.assign(streamLimits, { waiting: 10_000 })
  followTimes.life = 200
  partLimits.changes = 10
  const { source, destination, running, until } = await begin()
  await destination.query(`
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.03); RETURN NULL; END';
    CREATE TRIGGER slow AFTER INSERT ON items FOR EACH STATEMENT EXECUTE FUNCTION slow()`)
  await source.query(`INSERT INTO items SELECT n, 'sad', repeat(md5(n::text), 60) FROM generate_series(1001, 2000) n`)
  await until(async () => (await rowsOf(destination, 'SELECT 1 FROM items WHERE id = 2000')).length > 0)
  const told = `SELECT DISTINCT code FROM sampan.event WHERE code = 'FOLLOW_TRANSACTION_LARGE'`
  expect(await destination.query(told)).toHaveLength(1)
  expect(await destination.query(CAUGHT_UP)).toHaveLength(1)
  await destination.query('DROP FUNCTION slow CASCADE')
  await destination.query(ASK)
  expect((await running).error).toBeNull()
})

test('a table that is not in the stream is told, not left out', async () => {
  const end = { schema: 'public', name: 'late', columns: [] }
  const relations = [{ oid: 1, source: end, destination: end }] as unknown as Parameters<typeof readTablesThere>[1]
  const session = { rows: async () => [], serverVersion: 150000 } as unknown as Parameters<typeof readTablesThere>[0]
  await expect(readTablesThere(session, relations, [])).rejects.toMatchObject({ code: 'FOLLOW_TABLE_NOT_STREAMED' })
})
