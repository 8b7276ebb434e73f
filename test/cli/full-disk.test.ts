import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { runTask } from '../../cli/run-task.ts'
import { printOutcome } from '../../cli/summary/print.ts'
import { artefacts } from '../../lambdas/core/cloud/artefacts.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { createLogger } from '../../lambdas/core/runtime/logging.ts'
import { stepHandler } from '../../lambdas/core/runtime/step-handler.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import { writeReport } from '../../lambdas/stages/report/documents.ts'
import { smallTask } from '../core/task/tasks.ts'
import { done, FAILURE, fakeHandlers } from '../local/handlers.ts'
import * as samples from '../stages/report/samples.ts'
import { disk } from '../support/full-disk.ts'

vi.mock('node:fs/promises', async (original) => {
  const { onDisk } = await import('../support/full-disk.ts')
  return onDisk(await original())
})

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sampan-test-disk-'))
})
afterEach(() => {
  disk.directory = null
  vi.restoreAllMocks()
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const listen = (stream: NodeJS.WriteStream) => {
  const said: string[] = []
  vi.spyOn(stream, 'write').mockImplementation((text) => said.push(String(text)) > 0)
  return said
}

const writesReport = stepHandler('Report', async (event, step) => {
  await writeReport(artefacts(step.environment), event.run, samples.succeeded)
  return done({ status: 'succeeded', error: null })
})

function run(fakes: ReturnType<typeof fakeHandlers>, signal = new AbortController().signal) {
  const { task } = readTask(smallTask())
  if (task === null) throw new Error('the test’s task is wrong')
  return runTask({
    input: smallTask(),
    task,
    executionName: 'e1',
    directory,
    display: 'none',
    signal,
    handlers: fakes.handlers,
  })
}

it('a report that cannot be written is told at once, after the access is closed, and its summary stands on the screen', async () => {
  const fakes = fakeHandlers({
    PrecheckFunction: () => {
      disk.directory = directory
      return done({ refused: false })
    },
    ReportFunction: (event, context) => writesReport(event, context as never),
    FinishReportFunction: (event, context) => writesReport(event, context as never),
  })
  const outcome = await run(fakes)
  expect(outcome).toMatchObject({ exitStatus: 1, report: null })
  expect(fakes.calls.slice(-3)).toEqual(['ReportFunction', 'CloseAccessFunction', 'FinishReportFunction'])
  const [screen, errors] = [listen(process.stdout), listen(process.stderr)]
  await printOutcome(outcome, directory, 'text')
  expect(screen.join('')).toContain(samples.succeeded.databases[0]?.name)
  expect(errors.join('')).toContain('DISK_FULL')
})

it('a run that cannot put its report where it is looked for ends as the migration did, and says so', async () => {
  const fakes = fakeHandlers({
    ReportFunction: (event, context) => writesReport(event, context as never),
    FinishReportFunction: () => {
      disk.directory = directory
      return done({ status: 'succeeded', error: null })
    },
  })
  expect(await run(fakes)).toMatchObject({ exitStatus: 0, error: { code: 'DISK_FULL' }, report: null })
})

it('a stopped run closes its access before its report is tried again', async () => {
  const stopping = new AbortController()
  const fakes = fakeHandlers({
    PrecheckFunction: () => {
      stopping.abort()
      return done({ refused: false })
    },
    ReportFunction: () => ({ ...done(), verdict: 'retry', pause: 1, error: FAILURE }),
  })
  expect((await run(fakes, stopping.signal)).exitStatus).toBe(130)
  expect(fakes.calls.slice(-3)).toEqual(['ReportFunction', 'CloseAccessFunction', 'FinishReportFunction'])
})

it('a log that cannot be written takes no step with it: the step answers with its own error, and that is said once', async () => {
  const said = listen(process.stderr)
  // No file can be made below what is none.
  const logger = createLogger('file:///dev/null/log.jsonl', {})
  const step = stepHandler(
    'Analyze',
    async () => {
      throw new SampanError({ code: 'SAID', message: 'why', remedy: 'what to do' })
    },
    { logger, environment: { SAMPAN_ARTEFACTS: 'file:///tmp/artefacts' } },
  )
  const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => 60_000 }
  const event = { window: null } as never
  for (const _ of [1, 2]) {
    expect(await step(event, context)).toMatchObject({ verdict: 'failed', error: { code: 'SAID' } })
  }
  expect(said).toHaveLength(1)
  expect(said[0]).toContain('ENOTDIR')
})
