import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { spawnSampan } from '../cli/spawn-sampan.ts'
import { sideOf } from '../support/run.ts'
import { createDatabase, sharedServer } from '../support/servers.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sampan-two-runs-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

test('of two processes that run one task at once one completes it, and the other says what became of it', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE t (a serial PRIMARY KEY, b text); INSERT INTO t (b) SELECT repeat('x', 900) FROM generate_series(1, 20000)`,
  )
  const destination = await createDatabase(sharedServer(18))
  const task = join(directory, 'task.json')
  await writeFile(
    task,
    JSON.stringify({
      name: 'twice',
      source: sideOf(source.connection),
      destination: sideOf(destination.connection),
      databases: [{ name: source.name, as: destination.name }],
      lanes: 2,
      chunkMegabytes: 1,
      precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
    }),
  )
  const start = (out: string) => spawnSampan(['run', task, '--out', join(directory, out)])
  const ends = await Promise.all(['one', 'other'].map((out) => start(out).ended))
  const completed = ends.filter(({ status }) => status === 0)
  expect(completed.length).toBeGreaterThan(0)
  for (const { stdout, stderr } of ends.filter(({ status }) => status !== 0))
    expect(stdout + stderr).toMatch(/RUN_TAKEN_OVER|RUN_SEALED/)
  const count = `SELECT count(*), sum(a) FROM t`
  expect(await destination.query(count)).toEqual(await source.query(count))
  const reports = await Promise.all(
    ['one', 'other'].map(async (out) => JSON.parse(await readFile(join(directory, out, 'report.json'), 'utf8'))),
  )
  expect(new Set(reports.map(({ execution }) => execution)).size).toBe(2)
})
