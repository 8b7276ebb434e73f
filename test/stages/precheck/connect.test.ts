import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { sourceConnect } from '../../../lambdas/stages/precheck/checks/connect.ts'
import { loginChecks } from '../../../lambdas/stages/precheck/checks/login-weak.ts'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, startTestServer, type TestDatabase } from '../../support/servers.ts'
import { asDatabase, asUser, blocking, found, itemOf, precheck, precheckOf } from './prechecks.ts'

let source: TestDatabase
let destination: TestDatabase

beforeAll(async () => {
  source = await createDatabase(sharedServer(15))
  destination = await createDatabase(sharedServer(18))
})

type Sided = 'source' | 'destination'

/** The event with another address, TLS mode or certificate authority on one side. */
function changed(side: Sided, change: { endpoint?: object; side?: object }): StepEvent {
  const event = stepEvent(source, destination)
  return {
    ...event,
    endpoints: event.endpoints && {
      ...event.endpoints,
      [side]: { ...event.endpoints[side], ...change.endpoint },
    },
    task: { ...event.task, [side]: { ...event.task[side], ...change.side } },
  }
}

async function freePort(): Promise<number> {
  const server: TcpServer = createTcpServer()
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe.each([
  ['source', 'SRC'],
  ['destination', 'DST'],
] as const)('the way to the %s', (side, prefix) => {
  test('is told to be open', async () => {
    const document = await precheck(source, destination)
    expect(itemOf(document, `${prefix}_CONNECT`)).toMatchObject({ status: 'passed', side })
  })

  test('breaks at the name', async () => {
    const document = await precheckOf(changed(side, { endpoint: { host: 'no-such-host.invalid' } }))
    const item = itemOf(document, `${prefix}_CONNECT_DNS`)
    expect(item).toMatchObject({ status: 'failed', blocks: true, level: 'error' })
    expect(item.cause).toContain('no-such-host.invalid')
    expect(item.remedy).toMatch(/host name/)
  })

  test('breaks at the port', async () => {
    const document = await precheckOf(changed(side, { endpoint: { port: await freePort() } }))
    expect(itemOf(document, `${prefix}_CONNECT_TCP`)).toMatchObject({ status: 'failed', blocks: true })
  })

  test('breaks at TLS where the server speaks none', async () => {
    const document = await precheckOf(changed(side, { side: { tls: { mode: 'verify-full' } } }))
    expect(itemOf(document, `${prefix}_TLS_NOT_OFFERED`)).toMatchObject({ status: 'failed', blocks: true })
  })

  test('breaks at the password, and the password is told to nobody', async () => {
    process.env.SAMPAN_TEST_WRONG = 'not-the-password'
    const document = await precheckOf(changed(side, { side: { secret: 'env:SAMPAN_TEST_WRONG' } }))
    expect(itemOf(document, `${prefix}_LOGIN_REFUSED`)).toMatchObject({ status: 'failed', blocks: true })
    expect(JSON.stringify(document)).not.toContain('not-the-password')
  })

  test('breaks where the secret is not to be had', async () => {
    const document = await precheckOf(changed(side, { side: { secret: 'env:SAMPAN_TEST_NOT_SET' } }))
    const item = itemOf(document, `${prefix}_CONNECT`)
    expect(item).toMatchObject({ status: 'failed', blocks: true })
    expect(item.cause).toContain('SAMPAN_TEST_NOT_SET')
  })

  test('breaks at the right to connect', async () => {
    const own = await createDatabase(sharedServer(side === 'source' ? 15 : 18))
    await own.query(
      `CREATE ROLE "r ${own.name}" LOGIN PASSWORD 'p'; REVOKE CONNECT ON DATABASE ${own.name} FROM PUBLIC`,
    )
    const barred = asUser(own, `r ${own.name}`, 'p')
    const document = await (side === 'source' ? precheck(barred, destination) : precheck(source, barred))
    const item = itemOf(document, `${prefix}_CONNECT`)
    expect(item).toMatchObject({ status: 'failed', blocks: true })
    expect(item.cause).toContain('permission denied')
    await own.query(`DROP ROLE "r ${own.name}"`)
  })
})

describe('TLS certificates', () => {
  test('of an unknown authority and of another host are told apart, and the right one passes', {
    tags: 'long',
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tls-'))
    const made = spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=db.example'],
      ...['-addext', 'subjectAltName=DNS:db.example'],
      ...['-keyout', join(folder, 'key'), '-out', join(folder, 'cert')],
    ])
    expect(made.status).toBe(0)
    const file = join(folder, 'cert')
    const [key, cert] = [readFileSync(join(folder, 'key'), 'utf8'), readFileSync(file, 'utf8')]
    const server = await startTestServer({ major: 15, ssl: { key, cert } })
    const password = { secret: 'env:SAMPAN_TEST_TLS' }
    process.env.SAMPAN_TEST_TLS = server.password
    const at = (tls: object) => changed('source', { endpoint: { port: server.port }, side: { ...password, tls } })
    expect(blocking(await precheckOf(at({ mode: 'verify-full' })))).toContain('SRC_TLS_UNKNOWN_CA')
    expect(blocking(await precheckOf(at({ mode: 'verify-full', ca: { file } })))).toContain('SRC_TLS_WRONG_HOST')
    // Its databases are others: what matters is that TLS let it through to the name of the database.
    expect(blocking(await precheckOf(at({ mode: 'verify-ca', ca: { file } })))).toContain('SRC_DATABASE_MISSING')
    rmSync(folder, { recursive: true })
  })
})

describe('a login', () => {
  test.each([10, 15] as const)(
    'by MD5, or by nothing at all, is told on PostgreSQL %i',
    { tags: 'long' },
    async (major) => {
      const server = await startTestServer({
        major,
        settings: { password_encryption: 'md5' },
        hostRules: ['host all by_md5 127.0.0.1/32 md5', 'host all by_nothing 127.0.0.1/32 trust'],
      })
      const old = await createDatabase(server)
      await old.query("CREATE ROLE by_md5 LOGIN PASSWORD 'p'; CREATE ROLE by_nothing LOGIN")
      const told = async (user: string) => {
        const account = asUser(old, user, 'p')
        const document = await precheck(account, asDatabase(account, 'postgres'), {
          only: [sourceConnect, ...loginChecks],
        })
        return found(document).map((item) => [item, itemOf(document, item.split(' ')[0] ?? '').level])
      }
      expect(await told('by_md5')).toEqual(
        major === 10
          ? ['SRC_LOGIN_MD5_OLD failed', 'DST_LOGIN_MD5_OLD failed'].map((item) => [item, 'info'])
          : ['SRC_LOGIN_MD5 failed', 'DST_LOGIN_MD5 failed'].map((item) => [item, 'warning']),
      )
      const notAsked = ['SRC_LOGIN_NOT_ASKED failed', 'DST_LOGIN_NOT_ASKED failed']
      expect(await told('by_nothing')).toEqual(notAsked.map((item) => [item, 'info']))
    },
  )
})

describe('a database that is not there', () => {
  test('on the source is an error that names it', async () => {
    const document = await precheck(asDatabase(source, 'nowhere'), destination)
    const item = itemOf(document, 'SRC_DATABASE_MISSING')
    expect(item).toMatchObject({ status: 'failed', blocks: true, database: 'nowhere' })
    expect(item.cause).toContain('nowhere')
  })

  test('on the destination is created where the account may: only an info', async () => {
    const document = await precheck(source, asDatabase(destination, 'to be made'))
    expect(itemOf(document, 'DST_DATABASE_TO_CREATE')).toMatchObject({ status: 'failed', level: 'info', blocks: false })
    expect(itemOf(document, 'DST_DATABASE_MISSING').status).toBe('passed')
    expect(itemOf(document, 'DST_CONNECT').status).toBe('passed')
    expect(itemOf(document, 'DST_OBJECTS_EXIST').status).toBe('not-run')
    expect(itemOf(document, 'DST_LOCALE_ABSENT').status).toBe('passed')
    expect(blocking(document)).toEqual(['DST_VERSION_DIFFERS'])
  })

  test('on the destination is an error with the statement that mends it where the account may not', async () => {
    const role = `no_createdb_${destination.name}`
    await destination.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p'`)
    const document = await precheck(source, asUser(asDatabase(destination, 'to be made'), role, 'p'))
    const item = itemOf(document, 'DST_DATABASE_MISSING')
    expect(item).toMatchObject({ status: 'failed', blocks: true })
    expect(item.details[0]).toBe(`CREATE DATABASE "to be made" OWNER "${role}" TEMPLATE template0 ENCODING 'UTF8'`)
    expect(itemOf(document, 'DST_DATABASE_TO_CREATE').status).toBe('passed')
    await destination.query(`DROP ROLE ${role}`)
  })
})

describe('several databases', () => {
  test('one session each; a missing one is told by its name, the others are checked', async () => {
    const second = await createDatabase(sharedServer(15), 'CREATE TABLE without_key (a int)')
    const databases = [
      { name: source.name, as: destination.name },
      { name: second.name, as: 'another' },
      { name: 'nowhere', as: 'third' },
    ]
    const document = await precheckOf(stepEvent(source, destination, { databases }))
    const items = document.items.filter((item) => item.code === 'TABLES_WITHOUT_KEY')
    expect(items.map((item) => [item.database, item.status])).toEqual([
      [source.name, 'passed'],
      [second.name, 'failed'],
      ['nowhere', 'not-run'],
    ])
    expect(itemOf(document, 'SRC_DATABASE_MISSING').database).toBe('nowhere')
  })

  test('a wrong password is tried and told once', async () => {
    process.env.SAMPAN_TEST_WRONG = 'wrong'
    const databases = [
      { name: source.name, as: destination.name },
      { name: 'second', as: 'second' },
    ]
    const event = stepEvent(source, destination, { databases })
    const task = { ...event.task, source: { ...event.task.source, secret: 'env:SAMPAN_TEST_WRONG' } }
    const document = await precheckOf({ ...event, task })
    expect(itemOf(document, 'SRC_LOGIN_REFUSED').database).toBe(source.name)
    expect(itemOf(document, 'SRC_CONNECT')).toMatchObject({ status: 'not-run', database: 'second' })
  })
})

test('a server that comes up in time is no finding', { tags: 'long' }, async () => {
  const server = await startTestServer({ major: 15 })
  const late = {
    ...source,
    server: { ...source.server, port: server.port },
    connection: { ...source.connection, port: server.port, password: server.password, database: 'postgres' },
    name: 'postgres',
  }
  await server.kill()
  const patience = { attempts: 30, firstPause: 300, longestPause: 300 }
  const running = precheckOf(stepEvent(late, destination), { patience })
  await server.restart()
  expect(itemOf(await running, 'SRC_CONNECT').status).toBe('passed')
})
