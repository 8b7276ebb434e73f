import { appendFile, rm, writeFile } from 'node:fs/promises'
import { createServer, connect as tcpConnect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSource } from '../../../lambdas/core/postgres/sessions.ts'
import { sourceTimeouts } from '../../../lambdas/stages/precheck/checks/timeouts.ts'
import type { CheckContext } from '../../../lambdas/stages/precheck/context.ts'
import type { Server } from '../../../local/servers/server.ts'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, startTestServer, type TestDatabase } from '../../support/servers.ts'
import { asUser, freshName, itemFor, itemOf, precheck, precheckOf } from './prechecks.ts'

let source: TestDatabase
let destination: TestDatabase
/** A server with everything in the way that a server can put in the way. */
let odd: Server

beforeAll(async () => {
  source = await createDatabase(sharedServer(15))
  destination = await createDatabase(sharedServer(18))
  odd = await startTestServer({
    major: 15,
    settings: { old_snapshot_threshold: '60min', max_prepared_transactions: '5', max_connections: '20' },
  })
})

/** A database of the odd server. */
async function oddDatabase(sql: string): Promise<TestDatabase> {
  return createDatabase({ ...odd, major: 15 }, sql)
}

describe('the state of a server', () => {
  test('old_snapshot_threshold is a warning', async () => {
    const item = await itemFor('SRC_OLD_SNAPSHOT_THRESHOLD', await oddDatabase('SELECT 1'), destination)
    expect(item).toMatchObject({ status: 'failed', level: 'warning', details: ['old_snapshot_threshold = 60 min'] })
    expect((await itemFor('SRC_OLD_SNAPSHOT_THRESHOLD', source, destination)).status).toBe('passed')
  })

  test('a prepared transaction is a warning, in its own database only', async () => {
    const [own, other] = [await oddDatabase('CREATE TABLE t (a int)'), await oddDatabase('SELECT 1')]
    await own.query(`BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'forgotten'`)
    const item = await itemFor('SRC_PREPARED_TRANSACTIONS', own, destination)
    expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    expect(item.details[0]).toMatch(/^forgotten of postgres, since /)
    expect((await itemFor('SRC_PREPARED_TRANSACTIONS', other, destination)).status).toBe('passed')
    await own.query(`ROLLBACK PREPARED 'forgotten'`)
  })

  test('too few free connections for the lanes are an error on either side', { tags: 'long' }, async () => {
    const small = await oddDatabase('SELECT 1')
    const overrides = { lanes: 30 }
    const item = await itemFor('SRC_CONNECTIONS_SHORT', small, destination, { overrides })
    expect(item).toMatchObject({ status: 'failed', level: 'error', blocks: true })
    expect(item.cause).toMatch(/^\d+ of 20 connections are free on the source, the task needs 63$/)
    const upward = { ...small, connection: small.connection }
    expect((await itemFor('DST_CONNECTIONS_SHORT', source, upward, { overrides })).status).toBe('failed')
    // Counted lanes begin with two; the others would wait on the destination.
    const counted = await precheck(small, destination, { overrides: { lanes: 'auto' } })
    expect(itemOf(counted, 'SRC_CONNECTIONS_SHORT').status).toBe('passed')
    const fits = await precheck(small, destination, { overrides: { lanes: 2 } })
    expect(itemOf(fits, 'SRC_CONNECTIONS_SHORT').status).toBe('passed')
    expect(itemOf(fits, 'DST_CONNECTIONS_SHORT').status).toBe('passed')
  })

  test('the account’s own limit counts', async () => {
    const role = freshName('limited')
    await source.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p' CONNECTION LIMIT 5`)
    const limited = asUser(source, role, 'p')
    const item = await itemFor('SRC_CONNECTIONS_SHORT', limited, destination, { overrides: { lanes: 4 } })
    expect(item.cause).toBe(`the role ${role} may open 5 more connections on the source, the task needs 11`)
    await source.query(`DROP ROLE ${role}`)
  })

  test('session settings that do not hold are a warning', async () => {
    const settings = { idle_in_transaction_session_timeout: '5s' }
    const session = await openSource(stepEvent(source, destination), {}, { purpose: 'test', settings })
    const context = { source: session } as unknown as CheckContext
    expect(await sourceTimeouts.run(context)).toMatchObject([
      { details: ['idle_in_transaction_session_timeout = 5000 ms'] },
    ])
    await session.close()
    const document = await precheck(source, destination)
    expect(itemOf(document, 'SRC_TIMEOUTS')).toMatchObject({ status: 'passed', level: 'warning' })
    expect(itemOf(document, 'DST_TIMEOUTS')).toMatchObject({ status: 'passed', level: 'warning' })
  })
})

describe('replicas and balancers', () => {
  const stops: (() => void)[] = []
  afterAll(() => {
    for (const stop of stops) stop()
  })

  test('a server in recovery is a warning as source and an error as destination', { tags: 'long' }, async () => {
    const server = await startTestServer({ major: 18 })
    await writeFile(join(server.directory, 'data', 'standby.signal'), '')
    await server.restart()
    const database = { ...destination, server: { ...server, major: 18 as const }, name: 'postgres' }
    const { host, port, superuser: user, password } = server
    const replica = { ...database, connection: { host, port, user, password, database: 'postgres' } }
    const from = await itemFor('SRC_IN_RECOVERY', replica, destination)
    expect(from).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    const to = await itemFor('DST_IN_RECOVERY', source, replica)
    expect(to).toMatchObject({ status: 'failed', level: 'error', blocks: true })
    const plain = await precheck(source, destination)
    expect(itemOf(plain, 'SRC_IN_RECOVERY').status).toBe('passed')
    expect(itemOf(plain, 'DST_IN_RECOVERY').status).toBe('passed')
    await appendFile(join(server.directory, 'data', 'postgresql.auto.conf'), 'default_transaction_read_only = on\n')
    await rm(join(server.directory, 'data', 'standby.signal'))
    await server.restart()
    expect(await itemFor('DST_READ_ONLY', source, replica)).toMatchObject({ level: 'error', blocks: true })
    // Of one database it is a default, which a session may set aside.
    const byDefault = await createDatabase(
      sharedServer(18),
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$`,
    )
    expect((await itemFor('DST_READ_ONLY', source, byDefault)).status).toBe('passed')
  })

  test('an endpoint that deals connections to several servers is an error', { tags: 'long' }, async () => {
    const password = odd.password
    const twin = await startTestServer({ major: 15, password })
    const ports = [odd.port, twin.port]
    let turn = 0
    const balancer = createServer((near) => {
      const far = tcpConnect(ports[turn++ % ports.length] ?? 0, '127.0.0.1')
      near.on('error', () => far.destroy())
      far.on('error', () => near.destroy())
      near.pipe(far).pipe(near)
    })
    stops.push(() => balancer.close())
    const port = await new Promise<number>((resolve) => {
      balancer.listen(0, '127.0.0.1', () => resolve((balancer.address() as { port: number }).port))
    })
    const connection = { host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres' }
    const balanced = { ...source, name: 'postgres', connection }
    const item = itemOf(await precheckOf(stepEvent(balanced, destination)), 'SRC_LOAD_BALANCED')
    expect(item).toMatchObject({ status: 'failed', level: 'error', blocks: true })
    expect(item.cause).toBe('3 connections reached 2 servers')
    expect((await itemFor('SRC_LOAD_BALANCED', source, destination)).status).toBe('passed')
  })
})
