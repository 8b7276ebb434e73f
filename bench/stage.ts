import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { dataDirectory } from '../local/servers/directory.ts'
import { type Server, startServer } from '../local/servers/server.ts'
import { makeCertificate } from '../test/support/certificates.ts'

/** How both servers are set; everything else is PostgreSQL's default, fsync and full_page_writes are on. */
export interface Servers {
  readonly settings: Readonly<Record<string, string>>
  /** Where their data lie. @default the system's directory for temporary files */
  readonly parent?: string
}

const SERVERS: Readonly<Record<string, Servers>> = {
  tuned: {
    settings: {
      shared_buffers: '1GB',
      max_wal_size: '8GB',
      checkpoint_timeout: '30min',
      maintenance_work_mem: '256MB',
      max_connections: '100',
    },
  },
  /** As initdb leaves it. */
  defaults: { settings: {} },
  /** A managed service's rule: a quarter of the memory, of which each of the two has half. */
  managed: {
    settings: {
      shared_buffers: `${Math.floor(totalmem() / 2 ** 20 / 8)}MB`,
      effective_cache_size: `${Math.floor(totalmem() / 2 ** 20 / 4)}MB`,
      max_wal_size: '2GB',
      checkpoint_timeout: '5min',
      maintenance_work_mem: '256MB',
    },
  },
  memory: { settings: { shared_buffers: '1GB', max_wal_size: '8GB', max_connections: '100' }, parent: '/dev/shm' },
}

/** @throws Error for a word that is none of them */
export function serversOf(word: string): Servers {
  const servers = SERVERS[word]
  if (servers === undefined) throw new Error(`--servers ${word}: it is one of ${Object.keys(SERVERS).join(', ')}`)
  return servers
}

export interface Database {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly name: string
  /** The process that all server processes of it come from. */
  readonly postmaster: number
}

/** A source and a destination server, PostgreSQL 15 both, until `close`. */
export interface Stage {
  readonly servers: Servers
  readonly source: Server
  readonly destination: Server
  close(): Promise<void>
}

export async function openStage(servers: Servers): Promise<Stage> {
  const ca = makeCertificate({ name: 'benchmark' })
  const { key, cert } = makeCertificate({ name: 'server', issuer: ca, hosts: ['127.0.0.1'] })
  const start = () =>
    startServer({ major: 15, ...servers, ssl: { key, cert }, password: randomBytes(12).toString('hex') })
  const [source, destination] = [await start(), await start()]
  return {
    servers,
    source,
    destination,
    close: async () => void (await Promise.all([source.stop(), destination.stop()])),
  }
}

/** A database under a name, made anew: empty, or with what the texts make, one Query each. */
export async function makeDatabase(server: Server, name: string, ...texts: readonly string[]): Promise<Database> {
  await ask(databaseOf(server, 'postgres'), `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`)
  await ask(databaseOf(server, 'postgres'), `CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE template0`)
  const database = databaseOf(server, name)
  for (const text of texts) await ask(database, text)
  return database
}

export function databaseOf(server: Server, name: string): Database {
  const { host, port, superuser: user, password } = server
  const pidFile = readFileSync(join(dataDirectory(server.directory), 'postmaster.pid'), 'utf8')
  return { host, port, user, password, name, postmaster: Number.parseInt(pidFile, 10) }
}

/** Rows of the last statement. */
export async function ask(database: Database, sql: string): Promise<Record<string, unknown>[]> {
  const { host, port, user, password, name } = database
  const client = new pg.Client({ host, port, user, password, database: name })
  await client.connect()
  try {
    const result: unknown = await client.query(sql)
    const last = Array.isArray(result) ? result.at(-1) : result
    return last.rows ?? []
  } finally {
    await client.end()
  }
}

/** As the native programs take it. */
export function urlOf({ host, port, user, password, name }: Database): string {
  return `postgres://${user}:${password}@${host}:${port}/${name}?sslmode=disable`
}
