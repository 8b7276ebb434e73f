import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { spawnSampan } from '../cli/spawn-sampan.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../support/servers.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sampan-test-e2e-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const SHOP = `
  CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE "Order" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int REFERENCES customer, note text);
  CREATE TABLE log (line text);
  INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 1000) n;
  INSERT INTO "Order" (customer, note) SELECT 1 + n % 1000, repeat('x', 200) FROM generate_series(1, 50000) n;
  INSERT INTO log SELECT 'twice' FROM generate_series(1, 500)`

/** A task from one database to another, passwords inline, with a name of its own. */
function taskOf(name: string, source: TestDatabase, destination: TestDatabase): TaskInput {
  const side = ({ connection: { host, port, user, password } }: TestDatabase) => {
    return { host, port, user, password, tls: { mode: 'disable' as const } }
  }
  return {
    name,
    source: side(source),
    destination: side(destination),
    databases: [{ name: source.name, as: destination.name }],
    lanes: 2,
    chunkMegabytes: 1,
    precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
  }
}

async function setUp(name: string, sql = SHOP) {
  const source = await createDatabase(sharedServer(15), sql)
  const destination = await createDatabase(sharedServer(18))
  const task = join(directory, `${name}.json`)
  await writeFile(task, JSON.stringify(taskOf(name, source, destination)))
  const out = join(directory, name)
  const run = (...more: readonly string[]) => spawnSampan(['run', task, '--out', out, ...more])
  const report = async () => JSON.parse(await readFile(join(out, 'report.json'), 'utf8'))
  return { source, destination, task, out, run, report }
}

const CONTENT = `SELECT (SELECT count(*) FROM customer) AS customers, (SELECT count(*) FROM log) AS lines,
  (SELECT count(*) || ' ' || sum(id) || ' ' || count(DISTINCT note) FROM "Order") AS orders`

/** Everything under a directory as one text. */
async function everythingIn(path: string): Promise<string> {
  const files = await readdir(path, { recursive: true, withFileTypes: true })
  const texts = files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'utf8'))
  return (await Promise.all(texts)).join('\n')
}

describe('sampan run', () => {
  it('migrates between two real servers, ends with 0, and writes no password anywhere', { tags: 'long' }, async () => {
    const { source, destination, out, run, report } = await setUp('whole')
    const { status, stdout, stderr } = await run().ended
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('equal: every row of 3 tables')
    expect(stdout).toContain('Succeeded')
    expect(await destination.query(CONTENT)).toEqual(await source.query(CONTENT))
    expect((await report()).status).toBe('succeeded')
    const written = await everythingIn(out)
    for (const { connection } of [source, destination]) {
      expect(written).not.toContain(connection.password)
      expect(stdout).not.toContain(connection.password)
    }
  })

  it('of a run that is done says so and touches nothing: its destination may be in use by now', {
    tags: 'long',
  }, async () => {
    const { destination, run } = await setUp('again')
    expect((await run().ended).status).toBe(0)
    await destination.query(`INSERT INTO log VALUES ('after the cutover')`)
    const { status, stdout } = await run().ended
    expect(status).toBe(0)
    expect(stdout).toContain('Succeeded')
    expect((await destination.query('SELECT count(*) FROM log'))[0]?.count).toBe('501')
  })

  it('that is killed and started again ends with equal data', async () => {
    const { source, destination, run } = await setUp('killed')
    const first = run('--json')
    while (!first.output().includes('"stage":"copy"') && first.child.exitCode === null) await sleep(5)
    first.child.kill('SIGKILL')
    expect((await first.ended).status).toBe(null)
    expect(await run().ended).toMatchObject({ status: 0, stderr: '' })
    expect(await destination.query(CONTENT)).toEqual(await source.query(CONTENT))
  })

  it('stopped by Ctrl-C ends with 130 and a report, and continues when it is started again', {
    tags: 'long',
  }, async () => {
    const { source, destination, run, report } = await setUp('stopped')
    const first = run('--json')
    while (!first.output().includes('"stage":"copy"') && first.child.exitCode === null) await sleep(5)
    first.child.kill('SIGINT')
    expect((await first.ended).status).toBe(130)
    expect((await report()).error.code).toBe('RUN_STOPPED')
    expect(await run().ended).toMatchObject({ status: 0, stderr: '' })
    expect(await destination.query(CONTENT)).toEqual(await source.query(CONTENT))
  })

  it('has limits that are shown and changed by a command of their own', { tags: 'long' }, async () => {
    const { task, run } = await setUp('limits')
    const limits = (...more: readonly string[]) => spawnSampan(['limits', task, ...more]).ended
    expect((await limits()).stderr).toContain('RUN_NOT_COPYING')
    expect((await run().ended).status).toBe(0)
    expect((await limits('--lanes', '3', '--megabytes-per-second', '20')).stdout).toContain(': 3 lanes, 20.0 MB/s\n')
    expect((await limits()).stdout).toContain(': 3 lanes, 20.0 MB/s\n')
    expect((await limits('--megabytes-per-second', 'none')).stdout).toContain(': 3 lanes, no other limit\n')
    expect((await limits('--megabytes', '30')).stdout).toContain(': 3 lanes, 30.0 MB/s\n')
    expect(await limits('--lanes', 'many')).toMatchObject({ status: 2 })
  })

  it('refused by the precheck ends with 3 and names check and remedy', { tags: 'long' }, async () => {
    const { destination, run } = await setUp('refused')
    await destination.query('CREATE TABLE customer (other text)')
    const { status, stdout } = await run().ended
    expect(status).toBe(3)
    expect(stdout).toMatch(/^DST_OBJECTS_EXIST .*\n +table public\.customer\n +drop or rename/m)
    expect(stdout).toContain('Refused by the precheck')
  })

  it('that cannot log in fails with the rung at which it breaks', { tags: 'long' }, async () => {
    const { source, destination, task, out } = await setUp('login', 'CREATE TABLE t ()')
    const input = taskOf('login', source, destination)
    await writeFile(task, JSON.stringify({ ...input, source: { ...input.source, password: 'wrong-hunter2' } }))
    const { status, stdout, stderr } = await spawnSampan(['run', task, '--out', out]).ended
    expect(status).toBeGreaterThan(0)
    expect(stdout + stderr).toMatch(/SRC_[A-Z_]+ {2}/)
    expect(stdout + stderr + (await everythingIn(out))).not.toContain('hunter2')
  })
})
