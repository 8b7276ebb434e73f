import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { exitStatus } from '../../cli/exit-status.ts'
import { runTask } from '../../cli/run-task.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'
import { failed, more } from '../../lambdas/core/runtime/verdict.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { handler as closeAccess } from '../../lambdas/stages/access/close-handler.ts'
import { handler as openAccess } from '../../lambdas/stages/access/open-handler.ts'
import { handler as statusChanged } from '../../lambdas/stages/access/status-handler.ts'
import { endStopped } from '../../local/end-stopped.ts'
import { runLocally } from '../../local/interpreter/interpreter.ts'
import { FUNCTIONS, type FunctionName } from '../../statemachine/functions.ts'
import { toDefinition } from '../../statemachine/migration.ts'
import { type Access, startAccess } from '../stages/access/harness.ts'
import { stepContext } from '../support/events.ts'
import { fakeHandlers } from './handlers.ts'

/** Every function that a run calls after it has been read and before it has ended; the crash judge needs a crash, KeepError an error. */
const STEPS = FUNCTIONS.filter(
  (name) => !['ReadTaskFunction', 'KeepErrorFunction', 'JudgeCrashFunction'].includes(name),
)

const TASK: TaskInput = {
  name: 'orders',
  source: { rdsInstance: 'orders-prod', region: 'us-east-1', secret: 'env:X' },
  destination: { apsaraInstance: 'pgm-1', region: 'ap-southeast-1', secret: 'env:Y' },
  databases: [{ name: 'orders' }],
}

let access: Access
let number = 0
const variables = { ...process.env }

beforeAll(async () => {
  access = await startAccess()
  const { environment } = access.tools
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) process.env[name] = String(value)
  process.env.SAMPAN_LOG = 'off'
})
beforeEach(() => {
  number += 1
})
afterAll(async () => {
  await access.stop()
  process.env = variables
})

/** The real access room in a workflow whose other steps do nothing; `act` is called when `step` is. */
function handlersWith(step: FunctionName, act: () => void) {
  let acted = false
  const once = () => {
    if (!acted) act()
    acted = true
  }
  const fakes = fakeHandlers({
    OpenAccessFunction: (event, context) => openAccess(event, { ...stepContext(), ...context }),
    CloseAccessFunction: (event, context) => closeAccess(event, { ...stepContext(), ...context }),
  })
  return Object.fromEntries(
    Object.entries(fakes.handlers).map(([name, handler]) => [
      name,
      async (event: never, context: never) => {
        if (name === step) once()
        return handler(event, context)
      },
    ]),
  ) as typeof fakes.handlers
}

describe('a run that is stopped on this machine leaves exactly the rules that stood before', () => {
  test.each(STEPS)('at %s', async (step) => {
    const stopping = new AbortController()
    const { task } = readTask(TASK)
    if (task === null) throw new Error('the test’s task is wrong')
    await runTask({
      input: TASK,
      task,
      executionName: `stopped-${number}`,
      directory: new URL(process.env.SAMPAN_ARTEFACTS ?? '').pathname,
      display: 'none',
      signal: stopping.signal,
      handlers: handlersWith(step, () => stopping.abort()),
    })
    expect(access.isAsBefore()).toBe(true)
  })
})

describe('an execution that is aborted in the cloud leaves them too, by the rule on its status', () => {
  test.each(STEPS)('at %s', async (step) => {
    const executionName = `aborted-${number}`
    let stop: () => void = () => {}
    const execution = runLocally({
      definition: toDefinition(),
      handlers: handlersWith(step, () => stop()) as never,
      input: TASK,
      executionName,
    })
    stop = () => void execution.stop()
    await execution.promise
    const event = { region: 'us-east-1', detail: { name: executionName, status: 'ABORTED' } }
    await statusChanged(event, stepContext())
    expect(access.isAsBefore()).toBe(true)
  })
})

test('without any of that something would stand: the test can fail', async () => {
  const event = access.event({}, 'left-open') satisfies StepEvent
  expect((await openAccess(event, stepContext())).verdict).toBe('done')
  expect(access.isAsBefore()).toBe(false)
  expect((await closeAccess({ ...event, endpoints: null }, stepContext())).verdict).toBe('done')
  expect(access.isAsBefore()).toBe(true)
})

test('a closing that needs more time than a person is made to wait is told as what it is, by the command too', async () => {
  const event = access.event({}, 'slow')
  const { handlers } = fakeHandlers({ CloseAccessFunction: () => more() })
  expect(await endStopped(handlers, event, 0)).toMatchObject({
    code: 'ACCESS_LEFT_OPEN',
    remedy: expect.stringContaining('sampan sweep'),
  })
  expect(await endStopped(fakeHandlers({}).handlers, event, 0)).toBeNull()
  const stopping = new AbortController()
  const { task } = readTask(TASK)
  if (task === null) throw new Error('the test’s task is wrong')
  const denied = {
    kind: 'other',
    code: 'ACCESS_LEFT_OPEN',
    message: 'still open: a rule',
    remedy: 'remove it',
  } as const
  const failing = fakeHandlers({
    PrecheckFunction: () => {
      stopping.abort()
      return more()
    },
    CloseAccessFunction: () => failed(denied),
  })
  const outcome = await runTask({
    input: TASK,
    task,
    executionName: 'left-open-by-stop',
    directory: new URL(process.env.SAMPAN_ARTEFACTS ?? '').pathname,
    display: 'none',
    signal: stopping.signal,
    handlers: failing.handlers,
  })
  expect(outcome).toMatchObject({ exitStatus: exitStatus.stopped, error: denied })
})
