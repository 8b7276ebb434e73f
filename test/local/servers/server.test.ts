import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { sweepDirectories } from '../../../local/servers/directory.ts'
import { identify, isAlive } from '../../../local/servers/process-table.ts'
import { type Server, startServer } from '../../../local/servers/server.ts'
import { makeCertificate } from '../../support/certificates.ts'
import { startTestServer } from '../../support/servers.ts'

interface Started {
  readonly directory: string
  readonly pid: number
  readonly port: number
}

const program = fileURLToPath(new URL('parent.ts', import.meta.url))

/** @param place where its directory is made; by default where everybody's is, and anybody's start sweeps it */
async function startParent(
  major: 15 | 18,
  end: string,
  ...place: readonly string[]
): Promise<{ child: ChildProcess; started: Started }> {
  const child = spawn(process.execPath, [program, String(major), end, ...place], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString()))
    child.once('exit', () => reject(new Error('the parent ended without a word')))
  })
  return { child, started: JSON.parse(line) as Started }
}

function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => child.once('exit', () => resolve()))
}

async function expectGone(started: Started, milliseconds: number): Promise<void> {
  const deadline = Date.now() + milliseconds
  const here = () => existsSync(started.directory) || isAlive(identify(started.pid))
  while (here() && Date.now() < deadline) await sleep(20)
  expect({ directory: existsSync(started.directory), process: isAlive(identify(started.pid)) }).toEqual({
    directory: false,
    process: false,
  })
}

async function query(server: Server, sql: string): Promise<unknown[]> {
  const { host, port, superuser: user, password } = server
  const client = new pg.Client({ host, port, user, password, database: 'postgres' })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

describe('a server goes away with the process that started it', () => {
  test.each(['exit', 'throw', 'stop'])(
    'when the process ends by "%s", nothing is left at that moment',
    { tags: 'long' },
    async (end) => {
      const { child, started } = await startParent(18, end)
      await exited(child)
      await expectGone(started, 0)
    },
  )

  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'when the process dies by %s, nothing is left soon after',
    { tags: 'long' },
    async (signal) => {
      const { child, started } = await startParent(15, 'wait')
      child.kill(signal)
      await exited(child)
      await expectGone(started, 10_000)
    },
  )

  test('when the keeper was killed too, the next start sweeps server and directory', { tags: 'long' }, async () => {
    const place = mkdtempSync(join(tmpdir(), 'unswept-'))
    chmodSync(place, 0o711)
    const { child, started } = await startParent(18, 'wait', place)
    const keepers = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    for (const line of keepers.stdout.split('\n')) {
      const [pid, parent] = line.trim().split(/\s+/)
      if (Number(parent) === child.pid && line.includes('keeper.ts')) process.kill(Number(pid), 'SIGKILL')
    }
    child.kill('SIGKILL')
    await exited(child)
    await sleep(300)
    expect(isAlive(identify(started.pid))).toBe(true)
    expect(sweepDirectories(place)).toEqual([started.directory])
    await expectGone(started, 0)
    rmSync(place, { recursive: true })
  })
})

describe('the sweep', () => {
  const parent = mkdtempSync(join(tmpdir(), 'sweep-'))
  afterAll(() => rmSync(parent, { recursive: true }))

  test('touches only marked directories of dead owners', () => {
    const marked = (name: string, owner: unknown) => {
      mkdirSync(join(parent, name))
      writeFileSync(join(parent, name, 'sampan-server.json'), JSON.stringify({ owner }))
    }
    marked('sampan-dead', { pid: 2 ** 22 + 1, started: null })
    marked('sampan-successor', { pid: process.pid, started: 'another time' })
    marked('sampan-alive', identify(process.pid))
    marked('other-dead', { pid: 2 ** 22 + 1, started: null })
    mkdirSync(join(parent, 'sampan-of-somebody'))
    expect(sweepDirectories(parent).toSorted()).toEqual([join(parent, 'sampan-dead'), join(parent, 'sampan-successor')])
    expect(existsSync(join(parent, 'sampan-alive'))).toBe(true)
    expect(existsSync(join(parent, 'other-dead'))).toBe(true)
    expect(existsSync(join(parent, 'sampan-of-somebody'))).toBe(true)
  })
})

describe('a server', () => {
  test('keeps committed rows through a kill and takes new settings at a restart', { tags: 'long' }, async () => {
    const server = await startTestServer({ major: 18, settings: { fsync: 'on', work_mem: '5MB' } })
    await query(server, 'CREATE TABLE t AS SELECT 1 AS a')
    await server.kill()
    await expect(query(server, 'TABLE t')).rejects.toThrow('ECONNREFUSED')
    await server.restart({ work_mem: '6MB' })
    expect(await query(server, 'TABLE t')).toEqual([{ a: 1 }])
    expect(await query(server, 'SHOW work_mem')).toEqual([{ work_mem: '6MB' }])
  })

  test('drops the sessions of its clients when it is killed', async () => {
    const server = await startTestServer({ major: 15 })
    const running = query(server, 'SELECT pg_sleep(60)')
    await sleep(200)
    const refused = expect(running).rejects.toThrow()
    await server.kill()
    await refused
  })

  test('speaks TLS with the certificate it is given, and demands a password', async () => {
    const authority = makeCertificate({ name: 'an authority' })
    const { key, cert } = makeCertificate({ name: 'server', issuer: authority, hosts: ['localhost'] })
    const server = await startTestServer({ major: 15, ssl: { key, cert } })
    const { port, superuser: user, password } = server
    const options = { host: 'localhost', port, user, database: 'postgres', ssl: { ca: authority.cert } }
    const client = new pg.Client({ ...options, password })
    await client.connect()
    expect((await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).rows).toEqual([
      { ssl: true },
    ])
    await client.end()
    await expect(new pg.Client({ ...options, password: 'wrong' }).connect()).rejects.toThrow(
      'password authentication failed',
    )
    await expect(new pg.Client({ ...options, password, host: '127.0.0.1' }).connect()).rejects.toThrow(
      "IP: 127.0.0.1 is not in the cert's list",
    )
  })

  test('lets a client in by its certificate where a rule says so', async () => {
    const authority = makeCertificate({ name: 'an authority' })
    const { key, cert } = makeCertificate({ name: 'server', issuer: authority, hosts: ['127.0.0.1'] })
    const server = await startTestServer({
      major: 18,
      ssl: { key, cert, ca: authority.cert },
      hostRules: ['hostssl all postgres 127.0.0.1/32 cert', 'hostnossl all all all reject'],
    })
    const own = makeCertificate({ name: 'postgres', issuer: authority })
    const options = { host: '127.0.0.1', port: server.port, user: 'postgres', database: 'postgres' }
    const client = new pg.Client({ ...options, ssl: { ca: authority.cert, cert: own.cert, key: own.key } })
    await client.connect()
    await client.end()
    const { password } = server
    await expect(new pg.Client({ ...options, password, ssl: { ca: authority.cert } }).connect()).rejects.toThrow(
      'certificate',
    )
    await expect(new pg.Client({ ...options, password }).connect()).rejects.toThrow('rejects connection')
  })

  test('says what stands in the way of a start', { tags: 'long' }, async () => {
    await expect(startServer({ major: 18, settings: { no_such_setting: '1' } })).rejects.toMatchObject({
      code: 'LOCAL_SERVER_START',
      message: expect.stringContaining('no_such_setting'),
    })
    const occupant = createServer()
    const port = await new Promise<number>((resolve) => {
      occupant.listen(0, '127.0.0.1', () => resolve((occupant.address() as { port: number }).port))
    })
    await expect(startServer({ major: 18, port })).rejects.toMatchObject({ code: 'LOCAL_SERVER_START' })
    occupant.close()
  })
})
