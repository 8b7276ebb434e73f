import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { migrateLedger } from '../../../lambdas/core/ledger/migrate.ts'
import { openRun } from '../../../lambdas/core/ledger/run.ts'
import { guardSource } from '../../../lambdas/core/stream/guard.ts'
import { changeIdentities, readChangedIdentities } from '../../../lambdas/core/stream/identities.ts'
import { streamName } from '../../../lambdas/core/stream/names.ts'
import type { TaskInput } from '../../../lambdas/core/task/task.ts'
import { openSession } from '../../support/copy-run.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { stepEvent } from '../../support/events.ts'
import { runWorkflow, sideOf } from '../../support/run.ts'
import {
  createDatabase,
  type ServerAddress,
  sharedServer,
  startTestServer,
  type TestDatabase,
} from '../../support/servers.ts'

let server: ServerAddress
beforeAll(async () => {
  server = await startTestServer({ major: 15, settings: { wal_level: 'logical' } })
})

/** More than the least that a task may allow. */
async function writeMuch(source: TestDatabase): Promise<void> {
  for (let segment = 0; segment < 6; segment += 1) {
    await source.query(`SELECT pg_logical_emit_message(true, 'test', 'x'); SELECT pg_switch_wal()`)
  }
}

const slots = (source: TestDatabase) =>
  source.query('SELECT 1 FROM pg_replication_slots WHERE database = current_database()')

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(50)
}

test('the slot is given up while the destination does not answer, and the ledger is told why as soon as it does', {
  timeout: 60_000,
}, async () => {
  const source = await createDatabase(server, 'CREATE TABLE bare (a int)')
  const destination = await createDatabase(sharedServer(15))
  const event = stepEvent(source, destination, { mode: 'follow', follow: { maxRetainedMegabytes: 64 } })
  const name = streamName(event)
  const ledger = await openSession(destination, 'destination')
  await migrateLedger(ledger)
  await openRun(
    ledger,
    event.run,
    'fingerprint',
    { serverVersion: 150_018, encoding: 'UTF8', database: 'shop' },
    'follow',
  )
  await destination.query(
    `INSERT INTO sampan.stream (run, slot, publication, state) VALUES ('${event.run.id}', '${name}', '${name}', 'open')`,
  )
  await source.query(`CREATE PUBLICATION ${name}`)
  await source.query(`SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`)
  const session = await openSession(source, 'source')
  const [row] = await source.query(`SELECT 'bare'::regclass::oid::text AS oid`)
  const change = { oid: Number(row?.oid), schema: 'public', name: 'bare', from: 'd', to: 'f', index: null } as const
  await changeIdentities(session, name, [change])
  await writeMuch(source)

  const guarded = async (endpoints: typeof event.endpoints, over: () => Promise<boolean>) => {
    const stopping = new AbortController()
    const { signal } = stopping
    const guard = guardSource({
      event: { ...event, endpoints },
      environment: process.env,
      logger: { warn() {} },
      signal,
    })
    await until(over)
    stopping.abort()
    await guard
  }
  const [at, nowhere] = [event.endpoints, { host: '127.0.0.1', port: 1 }]
  if (at === null) throw new Error('no endpoints')
  await guarded({ ...at, destination: nowhere }, async () => (await slots(source)).length === 0)
  // What else stands in the comment still does.
  expect(await readChangedIdentities(session, name)).toMatchObject([{ name: 'bare', from: 'd', to: 'f' }])
  expect(await destination.query('SELECT state FROM sampan.stream')).toEqual([{ state: 'open' }])
  const told = () => destination.query(`SELECT message FROM sampan.event WHERE code = 'FOLLOW_SLOT_GIVEN_UP'`)
  await guarded(at, async () => (await told()).length > 0)
  const [{ message } = { message: '' }] = await told()
  expect(message).toMatch(/kept \d+ MB of WAL for this run, and follow.maxRetainedMegabytes is 64/)
  expect(await destination.query('SELECT state, closed_because AS why FROM sampan.stream')).toEqual([
    { state: 'closed', why: message },
  ])
  await Promise.all([ledger.close(), session.close()])
})

test('the slot is looked after behind the cutover as well, and where it is given up the rows prove the end', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const source = await createDatabase(server, 'CREATE TABLE items (id int PRIMARY KEY); INSERT INTO items VALUES (1)')
  const destination = await createDatabase(sharedServer(15))
  const task: TaskInput = {
    ...{ name: `guard-${randomBytes(4).toString('hex')}`, mode: 'follow', follow: { maxRetainedMegabytes: 64 } },
    ...{ source: sideOf(source.connection), destination: sideOf(destination.connection) },
    databases: [{ name: source.name, as: destination.name }],
  }
  const running = runWorkflow(task, await temporaryDirectory(), ({ step }, handler) => async (event, context) => {
    if (step === 'LinkObjectsFunction') {
      await writeMuch(source)
      await until(async () => (await slots(source)).length === 0)
    }
    return handler(event, context)
  })
  let over = false
  running.finally(() => {
    over = true
  })
  const caughtUp = () => destination.query(`SELECT 1 FROM sampan.event WHERE code = 'FOLLOW_CAUGHT_UP'`).catch(() => [])
  await until(async () => over || (await caughtUp()).length > 0)
  await destination.query('UPDATE sampan.stream SET cutover_at = now()')
  expect((await running).error).toBeNull()
  expect(await destination.query(`SELECT 1 FROM sampan.event WHERE code = 'FOLLOW_SLOT_GIVEN_UP'`)).toHaveLength(1)
  expect(await source.query('SELECT pubname FROM pg_publication')).toEqual([])
})
