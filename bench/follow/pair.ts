import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { type Server, startServer } from '../../local/servers/server.ts'
import { PREPARE, SCHEMA, TABLES } from './loads.ts'

const POLL_MILLISECONDS = 20

/** A source that is followed twice at once: into one database of the destination by Sampan, into another one by a subscription. */
export interface Pair {
  readonly source: pg.Client
  readonly ours: pg.Client
  readonly native: pg.Client
  /** The run's process. */
  readonly run: number
  /** Asks again until there is a row. @throws Error where the run ends before */
  until(client: pg.Client, sql: string): Promise<void>
  /** @throws Error where a table differs between the source and ours */
  expectEqual(): Promise<void>
  close(): Promise<void>
}

const SETTINGS = { max_wal_size: '4GB', shared_buffers: '256MB', wal_sender_timeout: '0', wal_receiver_timeout: '0' }

export async function openPair(): Promise<Pair> {
  const [from, to] = await Promise.all([
    startServer({ major: 15, settings: { ...SETTINGS, wal_level: 'logical' } }),
    startServer({ major: 15, settings: SETTINGS }),
  ])
  const directory = await mkdtemp(join(tmpdir(), 'sampan-bench-'))
  const clients: pg.Client[] = []
  const enter = async ({ host, port, superuser: user, password }: Server, database: string) => {
    const client = new pg.Client({ host, port, user, password, database })
    client.on('error', () => {})
    await client.connect()
    clients.push(client)
    return client
  }
  for (const [server, name] of [
    [from, 'bench'],
    [to, 'ours'],
    [to, 'native'],
  ] as const)
    await (await enter(server, 'postgres')).query(`CREATE DATABASE ${name}`)
  const [source, ours, native] = [await enter(from, 'bench'), await enter(to, 'ours'), await enter(to, 'native')]
  await source.query(SCHEMA)
  await source.query(PREPARE)
  await native.query(SCHEMA.split('INSERT', 1)[0] ?? '')
  await native.query(
    `CREATE SUBSCRIPTION s CONNECTION 'host=${from.host} port=${from.port} user=${from.superuser} password=${from.password} dbname=bench' PUBLICATION theirs`,
  )
  const run = await startRun(from, to, directory)
  const until = async (client: pg.Client, sql: string) => {
    while ((await client.query(sql).catch(() => ({ rows: [] }))).rows.length === 0) {
      if (run.exitCode !== null) throw new Error(`the run ended with ${run.exitCode}`)
      await sleep(POLL_MILLISECONDS)
    }
  }
  await until(ours, `SELECT 1 FROM sampan.event WHERE code = 'FOLLOW_CAUGHT_UP'`)
  await until(native, `SELECT 1 FROM pg_subscription_rel HAVING bool_and(srsubstate = 'r')`)
  return {
    ...{ source, ours, native, run: run.pid ?? 0, until },
    expectEqual: () => expectEqual(source, ours),
    async close() {
      run.kill('SIGKILL')
      await Promise.all(clients.map((client) => client.end().catch(() => {})))
      await Promise.all([from.stop(), to.stop()])
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function startRun(from: Server, to: Server, directory: string): Promise<ChildProcess> {
  const side = ({ host, port, superuser: user, password }: Server, secret: string) => {
    process.env[secret] = password
    return { host, port, user, secret: `env:${secret}`, tls: { mode: 'disable' } }
  }
  const task = {
    ...{ name: 'bench', mode: 'follow', follow: { maxRetainedMegabytes: 100_000 }, validation: { mode: 'none' } },
    ...{ source: side(from, 'BENCH_SOURCE'), destination: side(to, 'BENCH_DESTINATION') },
    databases: [{ name: 'bench', as: 'ours' }],
    precheck: { acknowledge: ['PUBLICATIONS'] },
  }
  await writeFile(join(directory, 'task.json'), JSON.stringify(task))
  const command = fileURLToPath(new URL('../../cli/sampan.ts', import.meta.url))
  const options = ['--no-warnings', command, 'run', join(directory, 'task.json'), '--out', directory]
  const run = spawn(process.execPath, options, { stdio: ['ignore', 'ignore', 'inherit'] })
  process.on('exit', () => run.kill('SIGKILL'))
  return run
}

async function expectEqual(source: pg.Client, ours: pg.Client): Promise<void> {
  for (const table of TABLES) {
    const digest = `SELECT count(*) || ' ' || COALESCE(sum(hashtextextended(t::text, 0)), 0) AS sum FROM ${table} t`
    const [there, here] = [(await source.query(digest)).rows[0]?.sum, (await ours.query(digest)).rows[0]?.sum]
    if (there !== here) throw new Error(`${table} differs: ${there}, ${here}`)
  }
}

/** Megabytes that a process has, or had at most since its peak was put back. */
export async function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
}
