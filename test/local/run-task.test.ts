import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runTask } from '../../cli/run-task.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { smallTask } from '../core/task/tasks.ts'
import { done, FAILURE, failed, fakeHandlers } from './handlers.ts'

/** What every run ends with. */
const END = ['ReportFunction', 'CloseAccessFunction', 'FinishReportFunction']

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sampan-test-run-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

async function run(fakes: ReturnType<typeof fakeHandlers>, input: TaskInput = smallTask(), signal?: AbortSignal) {
  const { task } = readTask(input)
  if (task === null) throw new Error('the test’s task is wrong')
  return runTask({
    input,
    task,
    executionName: 'execution-1',
    directory,
    display: 'none',
    signal: signal ?? new AbortController().signal,
    handlers: fakes.handlers,
  })
}

describe('a run on this machine', () => {
  it('goes the whole way and ends with 0', async () => {
    const fakes = fakeHandlers()
    expect(await run(fakes)).toMatchObject({ exitStatus: 0, error: null, report: null })
    expect(fakes.calls.slice(0, 3)).toEqual(['ReadTaskFunction', 'OpenAccessFunction', 'PrecheckFunction'])
    expect(fakes.calls.slice(-4)).toEqual([
      'SealFunction',
      'ReportFunction',
      'CloseAccessFunction',
      'FinishReportFunction',
    ])
  })

  it('ends as the migration did where its report cannot be written, and says that it is missing', async () => {
    const fakes = fakeHandlers({
      ReportFunction: (event) => {
        const { unwritten } = event as { readonly unwritten?: unknown }
        return unwritten === null ? failed(FAILURE) : done({ status: 'succeeded', error: null, unwritten })
      },
    })
    expect(await run(fakes)).toMatchObject({
      exitStatus: 0,
      report: null,
      error: { code: 'REPORT_NOT_WRITTEN', message: expect.stringContaining(FAILURE.message) },
    })
  })

  it('ends with 1 and the error of the step that failed, its remedy included', async () => {
    const fakes = fakeHandlers({
      CreateObjectsFunction: () => failed(FAILURE),
      ReportFunction: () => done({ status: 'failed', error: FAILURE }),
    })
    expect(await run(fakes)).toMatchObject({ exitStatus: 1, error: FAILURE })
    expect(fakes.calls.slice(-3)).toEqual(END)
  })

  it('ends with 3 when the precheck refuses', async () => {
    const fakes = fakeHandlers({
      PrecheckFunction: () => done({ refused: true }),
      ReportFunction: () =>
        done({ status: 'refused', error: { code: 'PRECHECK_REFUSED', message: 'the precheck', remedy: 'see it' } }),
    })
    expect((await run(fakes)).exitStatus).toBe(3)
    expect(fakes.calls).not.toContain('PlanObjectsFunction')
  })

  it('that is stopped writes its report, closes what it opened, and ends with 130', async () => {
    const stopping = new AbortController()
    const fakes = fakeHandlers({
      CopyLaneFunction: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('stopped')))
          stopping.abort()
        }),
    })
    expect(await run(fakes, smallTask(), stopping.signal)).toMatchObject({ exitStatus: 130, error: null })
    expect(fakes.calls.slice(-3)).toEqual(END)
  })

  it('that is stopped before it opened anything closes nothing', async () => {
    const fakes = fakeHandlers()
    expect((await run(fakes, smallTask(), AbortSignal.abort())).exitStatus).toBe(130)
    expect(fakes.calls).not.toContain('CloseAccessFunction')
  })

  it('says so when its access could not be closed', async () => {
    const error = { ...FAILURE, code: 'ACCESS_NOT_CLOSED', message: 'AWS does not answer' }
    const fakes = fakeHandlers({ CloseAccessFunction: () => failed(error) })
    expect(await run(fakes)).toMatchObject({ exitStatus: 1, error })
    expect(fakes.calls.filter((name) => name === 'CloseAccessFunction')).toHaveLength(1)
  })

  it('tries closing again until it is done', async () => {
    const stopping = new AbortController()
    let tries = 0
    const fakes = fakeHandlers({
      PrecheckFunction: () => {
        stopping.abort()
        return done({ refused: false })
      },
      CloseAccessFunction: () => {
        tries++
        return tries === 1 ? { ...done(), verdict: 'retry', pause: 1, error: FAILURE } : done()
      },
    })
    await run(fakes, smallTask(), stopping.signal)
    expect(tries).toBe(2)
  })

  it('keeps passwords out of every event, and gives them to the handlers by the environment', async () => {
    const file = join(directory, 'password')
    await writeFile(file, 'hunter2-in-file\n')
    const events: StepEvent[] = []
    let secret: string | undefined
    const fakes = fakeHandlers({
      OpenAccessFunction: (event) => {
        events.push(event)
        secret = process.env.SAMPAN_SECRET_SOURCE
        return failed(FAILURE)
      },
    })
    const task: TaskInput = {
      ...smallTask(),
      source: { host: 'a', user: 'u', password: 'hunter2' },
      destination: { host: 'b', user: 'u', passwordFile: file },
    }
    await run(fakes, task)
    expect(events).toHaveLength(1)
    expect(JSON.stringify(events)).not.toContain('hunter2')
    expect(events[0]?.task.source.secret).toBe('env:SAMPAN_SECRET_SOURCE')
    expect(events[0]?.task.destination.secret).toBe(`file:${file}`)
    expect(secret).toBe('{"password":"hunter2"}')
    // The next run of this process finds neither the password nor this one's log.
    expect(process.env).not.toHaveProperty('SAMPAN_SECRET_SOURCE')
    expect(process.env).not.toHaveProperty('SAMPAN_LOG')
  })

  it('puts the report of the execution where everybody looks first', async () => {
    const fakes = fakeHandlers({
      ReportFunction: async () => {
        const { artefacts } = await import('../../lambdas/core/cloud/artefacts.ts')
        const store = artefacts(process.env)
        await store.write('runs/small/execution-1/report.json', '{"a":1}', 'application/json')
        await store.write('runs/small/execution-1/report.html', '<p>', 'text/html')
        return done({ status: 'succeeded', error: null })
      },
    })
    expect((await run(fakes)).report).toBe(join(directory, 'report.json'))
    expect(await readFile(join(directory, 'report.json'), 'utf8')).toBe('{"a":1}')
    expect(await readFile(join(directory, 'report.html'), 'utf8')).toBe('<p>')
  })
})
