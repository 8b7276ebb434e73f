import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { reportSchema } from '../../lambdas/report/model.ts'
import { readTask } from '../../lambdas/task/problems.ts'
import type { TaskInput } from '../../lambdas/task/task.ts'
import { newExecutionName } from '../../local/execution-name.ts'
import { runTask } from '../../local/run-task.ts'
import type { TestDatabase } from './servers.ts'

const directories: string[] = []
afterAll(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true })
})

/** A run as `sampan run` makes it, between two test databases, with its report. */
export async function migrate(source: TestDatabase, destination: TestDatabase, overrides: Partial<TaskInput> = {}) {
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
