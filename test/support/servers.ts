/**
 * Real PostgreSQL for tests. Import it in a test file and take
 *
 *     const source = await createDatabase(sharedServer(15), 'CREATE TABLE t (a int)')
 *     const client = await source.connect()
 *
 * Databases, clients and own servers are cleared away when the file ends. A backend that a test's database still has then,
 * beside those of `connect()`, fails the file: the code under test leaked a connection.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { inject } from 'vitest'
import { carelessSettings, type Server, type ServerOptions, startServer } from '../../local/servers/server.ts'
import { atFileEnd } from './file-end.ts'
import type { ServerAddress } from './global-setup.ts'
import { serversPlace } from './temporary.ts'

export type { ServerAddress } from './global-setup.ts'

export interface TestDatabase {
  readonly server: ServerAddress
  readonly name: string
  /** For code that wants a URL or separate fields. */
  readonly connection: {
    readonly host: string
    readonly port: number
    readonly user: string
    readonly password: string
    readonly database: string
  }
  /** A plain pg client, closed by itself when the file ends. All values arrive as text. */
  connect(options?: pg.ClientConfig): Promise<pg.Client>
  /** Runs SQL on a connection of its own, several statements at once if need be; the last result's rows. */
  query(sql: string, values?: readonly unknown[]): Promise<readonly Record<string, string | null>[]>
}

/** What the test file at work has made here. */
const databases: TestDatabase[] = []
const roles: { readonly server: ServerAddress; readonly name: string }[] = []
const clients: pg.Client[] = []
const ownServers: Server[] = []
/** Of this process, and gone with it: its files take turns. A start costs two seconds of the processor's time. */
const kept = new Map<'oldest' | 'other 15', Promise<ServerAddress>>()

/** The server of this major that all test files share. Do not stop, kill or reconfigure it. */
export function sharedServer(major: 15 | 18): ServerAddress {
  return inject('servers')[major]
}

/**
 * The oldest server that npm has for every test, 10.23, one for the files of this process and started with the first question
 * for it: few files need one. Do not stop, kill or reconfigure it.
 */
export function oldestServer(): Promise<ServerAddress> {
  return once('oldest', 10)
}

/**
 * A second 15 with roles of its own, for what must not be seen as one server migrated to itself; one for the files of this
 * process, started with the first question for it. Do not stop, kill or reconfigure it, and leave no role behind.
 */
export function otherServer15(): Promise<ServerAddress> {
  return once('other 15', 15)
}

function once(name: 'oldest' | 'other 15', major: 10 | 15): Promise<ServerAddress> {
  const settings = { ...carelessSettings, synchronous_commit: 'off', max_connections: '100' }
  const server = kept.get(name) ?? startServer({ ...serversPlace, major, settings })
  kept.set(name, server)
  return server
}

/** A server for this test file alone, to be killed and restarted at will; stopped when the file ends. */
export async function startTestServer(options: ServerOptions): Promise<Server> {
  clearAtEnd()
  const server = await startServer({
    ...serversPlace,
    ...options,
    settings: { ...carelessSettings, ...options.settings },
  })
  ownServers.push(server)
  return server
}

/** Makes a database with a random name, and runs `sql` in it. @param properties behind TEMPLATE, as in CREATE DATABASE */
export async function createDatabase(server: ServerAddress, sql?: string, properties = ''): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await administer(server, `CREATE DATABASE ${name} TEMPLATE template0 ${cheapStrategy(server)} ${properties}`)
  const database = adoptDatabase(server, name)
  if (sql !== undefined) await database.query(sql)
  return database
}

/** Files are copied at half of the processor's time that it takes to write every page to the WAL, which 15 and later do otherwise. */
export function cheapStrategy({ major }: ServerAddress): string {
  return major < 15 ? '' : 'STRATEGY file_copy'
}

/** Takes over a database that the code under test has made: watched for leaks and dropped like the others. */
export function adoptDatabase(server: ServerAddress, name: string): TestDatabase {
  clearAtEnd()
  const database = describeDatabase(server, name)
  databases.push(database)
  return database
}

/** Sees to it that a role, which belongs to a whole server, is dropped when the file ends, after the databases. */
export function adoptRole(server: ServerAddress, name: string): void {
  clearAtEnd()
  roles.push({ server, name })
}

/** Fails when the database still has backends that no test helper opened, after a moment's grace. */
export async function expectNoBackends(database: TestDatabase, graceMilliseconds = 3000): Promise<void> {
  const deadline = Date.now() + graceMilliseconds
  for (;;) {
    const left = await administer(
      database.server,
      `SELECT pid, application_name, state, left(query, 80) AS query FROM pg_catalog.pg_stat_activity
       WHERE datname = ${pg.escapeLiteral(database.name)} AND backend_type = 'client backend'`,
    )
    if (left.length === 0) return
    if (Date.now() > deadline) throw new Error(`${database.name} still has backends: ${JSON.stringify(left)}`)
    await sleep(25)
  }
}

let clearing = false

/** Once for each file: in what order things are cleared away is said in one place. */
function clearAtEnd(): void {
  if (!clearing) atFileEnd(clearAway)
  clearing = true
}

async function clearAway(): Promise<void> {
  clearing = false
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => undefined)))
  const own = new Set(ownServers.map((server) => server.port))
  const leaks: unknown[] = []
  for (const database of databases.splice(0)) {
    // A server of the file's own goes away with everything, and may be dead already.
    if (own.has(database.server.port)) continue
    await expectNoBackends(database).catch((error: unknown) => leaks.push(error))
    await dropDatabase(database)
  }
  for (const { server, name } of roles.splice(0)) {
    if (own.has(server.port)) continue
    await administer(server, `DROP ROLE IF EXISTS ${pg.escapeIdentifier(name)}`)
  }
  await Promise.all(ownServers.splice(0).map((server) => server.stop()))
  if (leaks.length > 0) throw new AggregateError(leaks, leaks.map(String).join('\n'))
}

/** With whoever is still in it; before 13 the statement itself cannot end them. */
async function dropDatabase({ server, name }: TestDatabase): Promise<void> {
  const force = server.major < 13 ? '' : 'WITH (FORCE)'
  if (force === '') {
    const sessions = `FROM pg_catalog.pg_stat_activity WHERE datname = ${pg.escapeLiteral(name)}`
    await administer(server, `SELECT pg_catalog.pg_terminate_backend(pid) ${sessions}`)
  }
  await administer(server, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} ${force}`)
}

function describeDatabase(server: ServerAddress, name: string): TestDatabase {
  const { host, port, superuser: user, password } = server
  const connection = { host, port, user, password, database: name }
  return {
    server,
    name,
    connection,
    async connect(options = {}) {
      const client = await openClient({ application_name: 'test', ...connection, ...options })
      clients.push(client)
      return client
    },
    query: (sql, values) => askOnce(connection, sql, values),
  }
}

async function administer(server: ServerAddress, sql: string): Promise<readonly Record<string, string | null>[]> {
  const { host, port, superuser: user, password } = server
  return askOnce({ host, port, user, password, database: 'postgres' }, sql)
}

async function askOnce(
  connection: pg.ClientConfig,
  sql: string,
  values?: readonly unknown[],
): Promise<readonly Record<string, string | null>[]> {
  const client = await openClient({ application_name: 'test', ...connection })
  try {
    // With values it is the extended protocol, which takes one statement only.
    const result = values === undefined ? await client.query(sql) : await client.query(sql, [...values])
    const last = Array.isArray(result) ? result.at(-1) : result
    return (last?.rows ?? []) as Record<string, string | null>[]
  } finally {
    await client.end()
  }
}

async function openClient(options: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client({ types: { getTypeParser: () => (text: string) => text }, ...options })
  // A server that a test kills takes its clients along; the query in flight tells, the idle client need not.
  client.on('error', () => undefined)
  await client.connect()
  return client
}
