import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fileArtefacts } from '../../lambdas/core/cloud/artefacts-file.ts'
import { NO_LIMITS } from '../../lambdas/core/ledger/limits.ts'
import type { ChangeRunAnswer } from '../../lambdas/stages/copy/pace/change-run-handler.ts'
import { DATABASE_ITEM } from '../../statemachine/event.ts'
import { smallTask } from '../core/task/tasks.ts'
import { startStepFunctions } from '../local/step-functions.ts'
import { spawnSampan } from './spawn-sampan.ts'

const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:Sampan'
const CHILD = 'arn:aws:states:us-east-1:123456789012:execution:Sampan/Databases:b1'
const EXECUTION = 'arn:aws:states:us-east-1:123456789012:execution:Sampan:small-1'

let directory: string
let taskFile: string
let execution: Record<string, unknown>
let existing: string[]
/** What the function ChangeRun answers. */
let changed: ChangeRunAnswer
/** Events by execution, the latest first. */
let histories: Record<string, object[]>
/** What the databases' map gives each of its executions. */
const item = Object.fromEntries(Object.keys(DATABASE_ITEM).map((key) => [key.replace('.$', ''), {}]))
let stepFunctions: Awaited<ReturnType<typeof startStepFunctions>>

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sampan-test-cloud-'))
  taskFile = join(directory, 'task.json')
  await writeFile(taskFile, JSON.stringify(smallTask()))
  stepFunctions = await startStepFunctions({
    ListStateMachines: ({ nextToken }) =>
      nextToken === undefined
        ? { body: { stateMachines: [machine('Other')], nextToken: 'more' } }
        : { body: { stateMachines: [machine('Sampan-prod'), machine('Sampan'), machine('SampanTwo')] } },
    StartExecution: ({ name, stateMachineArn }) => {
      if (existing.includes(String(name))) {
        return { status: 400, body: { __type: 'ExecutionAlreadyExists', message: 'Execution Already Exists' } }
      }
      existing.push(String(name))
      const executionArn = `${String(stateMachineArn).replace('stateMachine', 'execution')}:${name}`
      return { body: { executionArn, startDate: 1_700_000_000 } }
    },
    DescribeExecution: ({ executionArn }) =>
      String(executionArn).endsWith(':nowhere')
        ? { status: 400, body: { __type: 'ExecutionDoesNotExist', message: 'Execution Does Not Exist' } }
        : executionArn === CHILD
          ? { body: { name: 'b1', input: JSON.stringify({ ...item, place: 1 }) } }
          : { body: execution },
    GetExecutionHistory: ({ executionArn }) => {
      const events = histories[String(executionArn)]
      if (events !== undefined) return { body: { events } }
      return { status: 400, body: { __type: 'AccessDeniedException', message: 'not authorized' } }
    },
    ListMapRuns: () => ({
      body: { mapRuns: [mapRun('first', 1_700_000_010), mapRun('second', 1_700_000_200), mapRun('third', 3)] },
    }),
    DescribeMapRun: () => ({ body: { itemCounts: { total: 5, pending: 1, running: 1, succeeded: 2, failed: 1 } } }),
    ListExecutions: ({ mapRunArn }) => ({
      body: { executions: mapRunArn === mapRun('second', 0).mapRunArn ? [{ executionArn: CHILD, startDate: 1 }] : [] },
    }),
    'Invoke:Sampan-ChangeRun': () => ({ body: changed }),
    'Invoke:SampanTwo-ChangeRun': () => ({
      status: 404,
      body: { __type: 'ResourceNotFoundException', Message: 'Function not found' },
    }),
    StopExecution: () => ({ body: { stopDate: 1_700_000_100 } }),
    ListTagsForResource: () => ({
      body: { tags: [{ key: 'sampan:artefacts', value: pathToFileURL(directory).href }] },
    }),
  })
})
afterAll(async () => {
  await stepFunctions.stop()
  await rm(directory, { recursive: true, force: true })
})
beforeEach(() => {
  existing = []
  histories = { [EXECUTION]: [] }
  stepFunctions.calls.length = 0
  execution = {
    executionArn: EXECUTION,
    name: 'small-1',
    status: 'RUNNING',
    startDate: 1_700_000_000,
    input: JSON.stringify({ ...smallTask(), databases: [{ name: 'stock' }, { name: 'shop' }] }),
  }
})

function machine(name: string) {
  return { name, stateMachineArn: MACHINE.replace('Sampan', name), type: 'STANDARD', creationDate: 1 }
}

function mapRun(name: string, startDate: number) {
  return { mapRunArn: `${MACHINE.replace('stateMachine', 'mapRun')}/Databases:${name}`, startDate }
}

function entered(name: string, timestamp: number) {
  return { id: timestamp, type: 'TaskStateEntered', timestamp, stateEnteredEventDetails: { name } }
}

const sampan = (...args: readonly string[]) => spawnSampan(args, stepFunctions.environment).ended
const inputOf = (action: string) => stepFunctions.calls.find((call) => call.action === action)?.input

describe('sampan start', () => {
  it('starts the task in the stack’s state machine and prints the execution', async () => {
    const { status, stdout } = await sampan('start', taskFile, '--execution', 'small-1')
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${EXECUTION}\n` })
    expect(inputOf('StartExecution')).toEqual({
      stateMachineArn: MACHINE,
      name: 'small-1',
      input: JSON.stringify(smallTask()),
    })
  })

  it('starts the same task once, and says how to go on', { tags: 'long' }, async () => {
    const first = await sampan('start', taskFile)
    const name = first.stdout.trim().split(':').at(-1)
    expect(name).toMatch(/^small-[0-9a-f]{8}$/)
    const { status, stderr } = await sampan('start', taskFile)
    expect(status).toBe(1)
    expect(stderr).toContain(`EXECUTION_EXISTS  there has been an execution ${name}`)
    expect(stderr).toContain('another --execution')
  })

  it('calls nothing for a wrong task', async () => {
    const wrong = join(directory, 'wrong.json')
    await writeFile(wrong, '{}')
    expect((await sampan('start', wrong)).status).toBe(2)
    expect(stepFunctions.calls).toEqual([])
  })

  it('finds no state machine of a stack that is not deployed', async () => {
    const { status, stderr } = await sampan('start', taskFile, '--stack', 'Samp')
    expect(status).toBe(1)
    expect(stderr).toContain('STACK_NOT_FOUND  there is no state machine of a stack Samp in us-east-1')
  })
})

describe('sampan status', () => {
  it('says how the execution is doing', async () => {
    const { status, stdout } = await sampan('status', 'small-1')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^RUNNING {4}2023-11-14T22:13:20Z .* small-1\n$/)
    expect(inputOf('DescribeExecution')).toMatchObject({ executionArn: EXECUTION })
  })

  it('says in which state the run is, and each database that goes on', async () => {
    histories = {
      [EXECUTION]: [entered('Databases', 1_700_000_010), entered('Precheck', 1_700_000_005)],
      // Helpers are no states of the picture, and each call of a step enters it again.
      [CHILD]: [
        { id: 9, type: 'TaskStateExited', timestamp: 1_700_000_090 },
        entered('CreateObjects', 1_700_000_080),
        entered('AfterCreateObjects', 1_700_000_070),
        entered('CreateObjects', 1_700_000_060),
        entered('PlanCopy', 1_700_000_050),
      ],
    }
    const { status, stdout, stderr } = await sampan('status', 'small-1')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.split('\n').slice(1)).toEqual([
      '  Databases since 2023-11-14T22:13:30Z, 3 of 5 databases ended',
      '  shop: CreateObjects since 2023-11-14T22:14:20Z',
      '',
    ])
  })

  it('says that the run goes on where its history may not be read', async () => {
    histories = {}
    const { status, stdout, stderr } = await sampan('status', 'small-1')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^RUNNING .* small-1\n$/)
    expect(stderr).toContain('AWS_PERMISSION_MISSING  could not read the history')
  })

  it('says of a second delivery which execution its event had started', async () => {
    const output = JSON.stringify({ repeated: true, startedBefore: 'small-0' })
    execution = { ...execution, status: 'SUCCEEDED', stopDate: 1_700_000_001, output }
    const { status, stdout } = await sampan('status', 'small-1')
    expect({ status, told: stdout.split('\n')[1] }).toEqual({
      status: 0,
      told: '  its event was delivered twice and had started small-0 before: this one did nothing',
    })
  })

  it('knows the databases of a run that an event has started', async () => {
    const task = { ...smallTask(), databases: [{ name: 'stock' }, { name: 'shop' }] }
    execution = { ...execution, input: JSON.stringify({ event: 'e-1', task }) }
    histories = { [EXECUTION]: [entered('Databases', 1)], [CHILD]: [entered('CreateObjects', 2)] }
    expect((await sampan('status', 'small-1')).stdout).toContain('  shop: CreateObjects since')
  })

  it('takes the region of the AWS profile', async () => {
    const AWS_CONFIG_FILE = join(directory, 'config')
    await writeFile(
      AWS_CONFIG_FILE,
      '[profile move]\nregion = eu-west-3\naws_access_key_id = a\naws_secret_access_key = b\n',
    )
    const environment = {
      ...stepFunctions.environment,
      AWS_REGION: '',
      AWS_DEFAULT_REGION: '',
      AWS_CONFIG_FILE,
      AWS_PROFILE: 'move',
    }
    const { stderr } = await spawnSampan(['status', 'x', '--stack', 'Samp'], environment).ended
    expect(stderr).toContain('no state machine of a stack Samp in eu-west-3')
  })

  it('says where to give a region', async () => {
    const { status, stderr } = await spawnSampan(['status'], { AWS_REGION: '', AWS_DEFAULT_REGION: '' }).ended
    expect(status).toBe(1)
    expect(stderr).toContain('give --region')
  })

  it('ends as the run ended', async () => {
    execution = {
      ...execution,
      status: 'FAILED',
      stopDate: 1_700_000_060,
      error: 'PrecheckRefused',
      cause: 'see report',
    }
    const { status, stdout } = await sampan('status', EXECUTION, '--state-machine', MACHINE)
    expect(status).toBe(3)
    expect(stdout).toContain('PrecheckRefused  see report')
    expect(stdout).toContain('1 min 00 s')
  })
})

const nothing: ChangeRunAnswer = { databases: [], left: [], missing: [], failed: null, error: null }

describe('sampan stop', () => {
  it('stops the execution, has the stack’s function take the run from it, and says when its lanes end', async () => {
    changed = { ...nothing, left: ['orders'], missing: ['bills'], failed: null }
    const { status, stdout } = await sampan('stop', 'small-1')
    expect(status).toBe(0)
    expect(inputOf('StopExecution')).toMatchObject({ executionArn: EXECUTION, error: 'Stopped' })
    expect(inputOf('Invoke:Sampan-ChangeRun')).toEqual({ execution: 'small-1', leave: true })
    expect(stdout).toContain('its lanes in orders begin nothing more')
    expect(stdout).toContain('not made yet: bills; a call that is making one now ends by itself')
    const error = { kind: 'other' as const, code: 'DST_LOGIN_REFUSED', message: 'shop: no', remedy: 'look' }
    changed = { ...nothing, left: ['orders'], failed: error }
    const part = await sampan('stop', 'small-1')
    expect(part.stdout).toMatch(/its lanes in orders begin.*\nnot reached, .*\nDST_LOGIN_REFUSED {2}shop: no\n/)
  })

  it('says how long it takes where the databases cannot be told', async () => {
    const error = { kind: 'connection' as const, code: 'DST_UNREACHABLE', message: 'nobody answers', remedy: 'look' }
    changed = { ...nothing, error }
    const { status, stdout } = await sampan('stop', 'small-1')
    expect(status).toBe(0)
    expect(stdout).toMatch(/within 15 minutes: they could not be told \(DST_UNREACHABLE/)
  })
})

describe('what is not there', () => {
  it('an execution that nobody knows, or of another region, is told by its ARN', { tags: 'long' }, async () => {
    const elsewhere = EXECUTION.replace('us-east-1', 'eu-west-1').replace('small-1', 'nowhere')
    const [status, stop, report, other] = await Promise.all([
      sampan('status', 'nowhere'),
      sampan('stop', 'nowhere'),
      sampan('report', 'nowhere', '--out', join(directory, 'unknown')),
      sampan('status', elsewhere),
    ])
    for (const { status: code, stderr } of [status, stop, report]) {
      expect(code).toBe(1)
      expect(stderr).toContain(`EXECUTION_UNKNOWN  there is no execution ${EXECUTION.replace('small-1', 'nowhere')}`)
    }
    expect(other.stderr).toContain(`EXECUTION_UNKNOWN  there is no execution ${elsewhere}`)
    expect(inputOf('StopExecution')).toBeUndefined()
  })

  it('an execution that has ended is not stopped once more', async () => {
    execution = { ...execution, status: 'SUCCEEDED', stopDate: 1_700_000_060 }
    const { status, stdout } = await sampan('stop', 'small-1')
    expect([status, stdout]).toEqual([0, `${EXECUTION} had ended already (SUCCEEDED)\n`])
    expect(inputOf('StopExecution')).toBeUndefined()
    execution = { ...execution, status: 'ABORTED', error: 'Stopped', cause: 'by hand' }
    expect((await sampan('status', 'small-1')).stdout).toContain('started under another --execution, continues')
  })

  it('a function that is missing or answers strangely has a code, and names that cannot be are refused before any call', {
    tags: 'long',
  }, async () => {
    changed = 'nothing of it' as unknown as ChangeRunAnswer
    const strange = await sampan('limits', 'small-1', '--stack', 'Sampan')
    expect(strange.stderr).toContain('CHANGE_RUN_CRASHED  the function Sampan-ChangeRun did not answer')
    const two = `${MACHINE.replace('Sampan', 'SampanTwo')}`
    const missing = await sampan('limits', 'small-1', '--state-machine', two)
    expect(missing.stderr).toContain('CHANGE_RUN_MISSING')
    stepFunctions.calls.length = 0
    const wrong = await Promise.all([
      sampan('status', '--region', 'us east'),
      sampan('status', '--state-machine', 'Sampan'),
      sampan('start', taskFile, '--execution', 'a name'),
    ])
    for (const { status, stderr } of wrong) expect([status, stderr]).toEqual([2, expect.stringContaining('give ')])
    expect(stepFunctions.calls).toEqual([])
  })
})

describe('sampan limits --stack', () => {
  it('changes an execution’s limits by the stack’s function, without reaching the database', async () => {
    changed = { ...nothing, databases: [{ database: 'orders', limits: { ...NO_LIMITS, lanes: 3 } }] }
    const { status, stdout } = await sampan('limits', 'small-1', '--stack', 'Sampan', '--lanes', '3', '--rows', 'none')
    expect([status, stdout]).toEqual([0, 'orders: 3 lanes, no other limit\n'])
    const limits = { lanes: 3, rowsPerSecond: null }
    expect(inputOf('Invoke:Sampan-ChangeRun')).toEqual({ execution: 'small-1', limits })
  })
})

describe('sampan report', () => {
  it('fetches the report from where the stack’s tag says it is', async () => {
    const store = fileArtefacts(directory)
    await store.write('runs/small/small-1/report.json', '{"status":"succeeded"}', 'application/json')
    await store.write('runs/small/small-1/report.html', '<p>done</p>', 'text/html')
    const out = join(directory, 'fetched')
    expect(await sampan('report', 'small-1', '--out', out)).toMatchObject({ status: 0, stderr: '' })
    expect(await readFile(join(out, 'report.json'), 'utf8')).toBe('{"status":"succeeded"}')
    expect(await readFile(join(out, 'report.html'), 'utf8')).toBe('<p>done</p>')
  })

  it('fetches that of an execution which an event or a schedule has started', async () => {
    const store = fileArtefacts(directory)
    await store.write('runs/small/small-3/report.json', '{}', 'application/json')
    await store.write('runs/small/small-3/report.html', '<p>done</p>', 'text/html')
    execution = { ...execution, name: 'small-3', input: JSON.stringify({ event: 'e-1', task: smallTask() }) }
    expect((await sampan('report', 'small-3', '--out', join(directory, 'event'))).stderr).toBe('')
  })

  it('fetches what a report of much has beside it, where its links lead', async () => {
    const store = fileArtefacts(directory)
    const details = 'runs/small/small-1/details/0001.jsonl'
    const databases = [{ details }, { details: null }, { details: 'runs/other/small-1/details/0001.jsonl' }]
    await store.write('runs/small/small-1/report.json', JSON.stringify({ databases }), 'application/json')
    await store.write('runs/small/small-1/report.html', '<head></head>', 'text/html')
    await store.write(details, '{"table":{}}\n', 'application/jsonl')
    await store.write('runs/other/small-1/details/0001.jsonl', '{}', 'application/jsonl')
    const out = join(directory, 'fetched')
    expect(await sampan('report', 'small-1', '--out', out)).toMatchObject({ status: 0, stderr: '' })
    expect(await readFile(join(out, details), 'utf8')).toBe('{"table":{}}\n')
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('<base href="runs/small/small-1/">')
    expect(await fileArtefacts(out).list('runs/other')).toEqual([])
  })

  it('says so where there is none', async () => {
    execution = { ...execution, name: 'small-2' }
    const { status, stderr } = await sampan('report', 'small-2', '--out', join(directory, 'none'))
    expect(status).toBe(1)
    expect(stderr).toContain('REPORT_NOT_FOUND')
  })
})
