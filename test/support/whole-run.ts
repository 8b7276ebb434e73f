import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { reportSchema } from '../../lambdas/stages/report/model.ts'
import { temporaryDirectory } from './directories.ts'
import { runWorkflow, sideOf } from './run.ts'
import type { TestDatabase } from './servers.ts'

/** A run as `sampan run` makes it, between two test databases, with its report. */
export async function migrate(
  source: TestDatabase,
  destination: TestDatabase,
  overrides: Partial<TaskInput> = {},
  around?: Parameters<typeof runWorkflow>[2],
) {
  const directory = await temporaryDirectory()
  const input: TaskInput = {
    name: `test-${randomBytes(4).toString('hex')}`,
    source: sideOf(source.connection),
    destination: sideOf(destination.connection),
    databases: [{ name: source.name, as: destination.name }],
    chunkMegabytes: 2,
    precheck: { acknowledge: ['DST_VERSION_DIFFERS', 'REG_COLUMNS'] },
    ...overrides,
  }
  const outcome = await runWorkflow(input, directory, around)
  const report = reportSchema.parse(JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')))
  return { outcome, report, directory, input }
}
