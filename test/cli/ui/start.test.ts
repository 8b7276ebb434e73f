import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { findStateMachine } from '../../../cli/cloud/state-machine.ts'
import { watchExecution } from '../../../cli/cloud/watch-execution.ts'
import type { ProgressEvent } from '../../../cli/progress/events.ts'
import { ProgressModel } from '../../../cli/progress/model.ts'
import { tellEvents } from '../../../cli/progress/tell.ts'
import { BEFORE_REMEDY } from '../../../statemachine/ending.ts'
import { startStepFunctions } from '../../local/step-functions.ts'

const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:Sampan'
const EXECUTION = `${MACHINE.replace('stateMachine', 'execution')}:small-1`
const CHILD = (name: string) => `${MACHINE.replace('stateMachine', 'execution')}/Databases:${name}`

/** Looks at the execution, one after the other: the state of the run, and of each database that is at work. */
type Look = { readonly run: string; readonly databases?: Readonly<Record<string, string>> } | { readonly end: object }

let looks: Look[]
let looked = 0
const ends: Record<string, object> = {}
let stepFunctions: Awaited<ReturnType<typeof startStepFunctions>>

const now = () => looks[Math.min(looked, looks.length) - 1] ?? { run: 'ReadTask' }
const databases = () => {
  const look = now()
  return 'end' in look ? {} : (look.databases ?? {})
}
const entered = (name: string) => ({
  body: { events: [{ id: 1, type: 'TaskStateEntered', timestamp: 1, stateEnteredEventDetails: { name } }] },
})

beforeAll(async () => {
  stepFunctions = await startStepFunctions({
    DescribeExecution: ({ executionArn }) => {
      const name = String(executionArn).split('Databases:')[1]
      if (name !== undefined) {
        const output = ends[name]
        const input = JSON.stringify({ database: { name, as: name } })
        return {
          body: {
            name,
            input,
            status: 'TIMED_OUT',
            ...(output === undefined ? {} : { output: JSON.stringify(output) }),
          },
        }
      }
      looked += 1
      const look = now()
      const end = 'end' in look ? { stopDate: 1_700_000_060, ...look.end } : { status: 'RUNNING' }
      return { body: { executionArn, name: 'small-1', startDate: 1_700_000_000, ...end } }
    },
    GetExecutionHistory: ({ executionArn }) => {
      const name = String(executionArn).split('Databases:')[1]
      const look = now()
      return entered(name === undefined ? ('end' in look ? '' : look.run) : (databases()[name] ?? ''))
    },
    ListMapRuns: () => ({ body: { mapRuns: [{ mapRunArn: `${CHILD('x')}`, startDate: 1 }] } }),
    DescribeMapRun: () => ({ body: { itemCounts: { total: 3, pending: 0, running: 1 } } }),
    ListExecutions: () => ({
      body: { executions: Object.keys(databases()).map((name) => ({ executionArn: CHILD(name), startDate: 1 })) },
    }),
  })
  for (const [name, value] of Object.entries(stepFunctions.environment)) vi.stubEnv(name, value)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await stepFunctions.stop()
})

async function watch(given: Look[]) {
  looks = given
  looked = 0
  const events: ProgressEvent[] = []
  const model = new ProgressModel(['shop', 'orders', 'audit'])
  tellEvents(model, { name: 'small', execution: 'small-1', mode: 'migrate' }, (event) => events.push(event))
  const machine = await findStateMachine({ stateMachine: MACHINE })
  const end = await watchExecution(machine, EXECUTION, model, { signal: new AbortController().signal, every: 1 })
  const states = Object.fromEntries(
    events.flatMap((event) => (event.type === 'stage' ? [[`${event.database ?? 'run'}/${event.stage}`, event]] : [])),
  )
  return { end, state: (key: string) => states[key]?.state, detail: (key: string) => states[key]?.detail }
}

test('an execution is followed by its history: its stages, each database and how it ended, and the end', async () => {
  ends.shop = { place: 0, verdict: 'done', code: null }
  ends.orders = { place: 1, verdict: 'failed', code: 'DST_DISK_FULL' }
  const cause = `the disk is full${BEFORE_REMEDY}make room`
  const { end, state, detail } = await watch([
    { run: 'OpenAccess' },
    { run: 'Precheck' },
    { run: 'Databases', databases: { shop: 'CopyRows', orders: 'PlanObjects' } },
    { run: 'Databases', databases: { shop: 'ValidateLanes', orders: 'CopyRows' } },
    { run: 'Databases', databases: { audit: 'CreateObjects' } },
    { run: 'CloseAccess' },
    { end: { status: 'FAILED', error: 'DST_DISK_FULL', cause } },
  ])
  expect(end).toEqual({
    status: 1,
    error: { code: 'DST_DISK_FULL', message: 'the disk is full', remedy: 'make room' },
    milliseconds: 60_000,
  })
  expect(['run/open', 'run/precheck', 'shop/copy', 'shop/seal', 'orders/plan'].map(state)).toEqual(
    Array(5).fill('done'),
  )
  expect(state('orders/copy')).toBe('failed')
  expect(detail('orders/copy')).toBe('DST_DISK_FULL: see the report')
  expect(state('orders/seal')).toBe('skipped')
  // Its execution was ended from outside, and has no output.
  expect(detail('audit/create')).toBe('TIMED_OUT: see the report')
})

test('an execution that was stopped leaves nothing as done that was at work; one that succeeded all of it', async () => {
  const stopped = await watch([{ run: 'Databases', databases: { shop: 'CopyRows' } }, { end: { status: 'ABORTED' } }])
  expect(stopped.end).toMatchObject({ status: 130, error: null })
  expect([stopped.state('shop/copy'), stopped.state('shop/seal')]).toEqual(['failed', 'skipped'])
  const succeeded = await watch([{ run: 'Report' }, { end: { status: 'SUCCEEDED', output: '{}' } }])
  expect(succeeded.end).toMatchObject({ status: 0 })
  expect(['shop/seal', 'orders/seal', 'audit/seal'].map(succeeded.state)).toEqual(['done', 'done', 'done'])
  const refused = await watch([{ end: { status: 'FAILED', error: 'PrecheckRefused', cause: 'see' } }])
  expect(refused.end).toMatchObject({ status: 3, error: { code: 'PrecheckRefused' } })
})
