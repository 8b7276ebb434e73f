import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { reportSchema } from '../../lambdas/report/model.ts'
import { readTask } from '../../lambdas/task/problems.ts'
import type { TaskInput } from '../../lambdas/task/task.ts'
import { createSampleRoles, loadSample } from '../../local/demo/sample.ts'
import { newExecutionName } from '../../local/execution-name.ts'
import { runTask } from '../../local/run-task.ts'
import { createHostileDatabase } from '../fixtures/hostile.ts'
import { compareDatabases } from '../support/judges.ts'
import { adoptDatabase, createDatabase, sharedServer, type TestDatabase } from '../support/servers.ts'

const directories: string[] = []
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true })
})

/** A run as `sampan run` makes it, between two test databases. */
async function migrate(source: TestDatabase, destination: TestDatabase, overrides: Partial<TaskInput> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'sampan-test-'))
  directories.push(directory)
  const side = ({ connection }: TestDatabase) => ({
    host: connection.host,
    port: connection.port,
    user: connection.user,
    password: connection.password,
    tls: { mode: 'disable' as const },
  })
  const input: TaskInput = {
    name: `test-${randomBytes(4).toString('hex')}`,
    source: side(source),
    destination: side(destination),
    databases: [{ name: source.name, as: destination.name }],
    chunkMegabytes: 2,
    precheck: { acknowledge: ['DST_VERSION_DIFFERS', 'REG_COLUMNS'] },
    ...overrides,
  }
  const { task, problems } = readTask(input)
  if (task === null) throw new Error(JSON.stringify(problems))
  const outcome = await runTask({
    input,
    task,
    executionName: newExecutionName(task.name),
    directory,
    display: 'none',
    signal: new AbortController().signal,
  })
  const report = reportSchema.parse(JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')))
  return { outcome, report, directory, input }
}

test('the shop arrives whole: rows, sequences, large objects and every fact of its catalogue', async () => {
  await createSampleRoles(sharedServer(18))
  const { database } = await loadSample(sharedServer(15), `shop_${randomBytes(4).toString('hex')}`)
  const source = adoptDatabase(sharedServer(15), database)
  const destination = await createDatabase(sharedServer(18))
  const { outcome, report } = await migrate(source, destination)
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(report.status).toBe('succeeded')
  expect(report.databases[0]?.tables.every((table) => table.match)).toBe(true)
  expect(await compareDatabases(source, destination)).toEqual([])
}, 120_000)

test('the hostile database arrives whole', async () => {
  const source = await createHostileDatabase(sharedServer(15))
  const destination = await createDatabase(sharedServer(18))
  const { outcome, report } = await migrate(source, destination)
  expect(report.databases[0]?.objects.filter((object) => object.status === 'failed')).toEqual([])
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(source, destination)).toEqual([])
}, 120_000)
