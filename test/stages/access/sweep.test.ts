import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type ExecutionState, executionStates } from '../../../lambdas/core/cloud/executions.ts'
import { handler as closeByStatus } from '../../../lambdas/stages/access/status-handler.ts'
import { sweep } from '../../../lambdas/stages/access/sweep.ts'
import { type Access, startAccess } from './harness.ts'

let access: Access
beforeEach(async () => {
  access = await startAccess()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await access.stop()
})

const says = (state: ExecutionState) => async () => state

test('a running execution keeps what it opened', async () => {
  await access.open()
  const standing = access.standing()
  expect(await sweep(says('running'), access.tools)).toEqual({ kept: ['e1'], closed: [], failed: [] })
  expect(access.standing()).toBe(standing)
})

test('an ended execution’s rules and whitelist are closed', async () => {
  await access.open()
  expect(await sweep(says('ended'), access.tools)).toEqual({ kept: [], closed: ['e1'], failed: [] })
  expect(access.isAsBefore()).toBe(true)
  expect(await sweep(says('ended'), access.tools)).toEqual({ kept: [], closed: [], failed: [] })
})

test('rules are found by their tags where the record is lost', async () => {
  await access.open({ access: { dtsCidrs: ['47.1.0.0/24'] } })
  const text = JSON.stringify({ ...(await access.record()), intended: [], opened: [], open: [], closedAt: 'x' })
  await access.store.write('runs/orders/e1/access.json', text, 'application/json')
  await sweep(says('ended'), access.tools)
  expect(access.rules().filter((rule) => rule.tags['sampan:execution'])).toEqual([])
})

test('a run that takes longer than a week keeps what it opened, and its expiry is put off', async () => {
  await access.open()
  const standing = access.peers()
  for (let hour = 24; hour <= 24 * 30; hour += 24) {
    access.now = new Date(Date.parse('2026-09-01T10:00:00Z') + (hour + 1) * 3_600_000)
    expect(await sweep(says('running'), access.tools)).toEqual({ kept: ['e1'], closed: [], failed: [] })
  }
  expect(access.peers()).toEqual(standing)
  const expiries = access.rules().flatMap((rule) => rule.tags['sampan:expires'] ?? [])
  expect(expiries.length).toBeGreaterThan(0)
  for (const expiry of expiries) expect(Date.parse(expiry)).toBeGreaterThan(access.now.getTime())
  expect(await sweep(says('ended'), access.tools)).toMatchObject({ closed: ['e1'] })
  expect(access.isAsBefore()).toBe(true)
})

test('a record of what is open grows no older than a week while its execution runs, however long its access may stand', async () => {
  access.variables = { ...access.variables, SAMPAN_ACCESS_HOURS: '8760' }
  await access.open()
  await access.store.remove('open/e1/orders')
  const before = (await access.record()).updatedAt
  access.now = new Date('2026-09-08T09:00:00Z')
  await sweep(says('running'), access.tools)
  expect((await access.record()).updatedAt).toBe(before)
  access.now = new Date('2026-09-08T10:15:00Z')
  await sweep(says('running'), access.tools)
  expect((await access.record()).updatedAt).toBe('2026-09-08T10:15:00.000Z')
  // The list, too: nothing that deletes old documents finds it old.
  expect(await access.store.list('open/')).toEqual(['open/e1/orders'])
})

test('past its expiry access is closed where nobody can say whether its execution runs', async () => {
  await access.open()
  const refused = async () => {
    throw new Error('denied')
  }
  expect(await sweep(refused, access.tools)).toMatchObject({ kept: [], closed: [], failed: [{ what: 'e1' }] })
  access.now = new Date('2026-09-08T10:00:01Z')
  expect(await sweep(refused, access.tools)).toMatchObject({ closed: ['e1'], failed: [] })
  expect(access.isAsBefore()).toBe(true)
})

test('one record that cannot be read is named, and the others are swept', async () => {
  await access.open({ access: { dtsCidrs: ['47.1.0.0/24'] } }, 'a-broken')
  await access.store.write('runs/orders/a-broken/access.json', '{"version": 1, "run"', 'application/json')
  access.variables = { SAMPAN_EGRESS_ADDRESSES: '52.9.9.9' }
  await access.open({ access: { dtsCidrs: ['47.2.0.0/24'] } }, 'second')
  const result = await sweep(says('ended'), access.tools)
  expect(result.closed).toEqual(['second'])
  expect(result.failed.map(({ what, message }) => `${what}: ${message}`).join()).toMatch(/a-broken: .*access\.json/)
  // What its rules' tags tell is closed all the same.
  expect(access.rules().filter((rule) => rule.tags['sampan:execution'])).toEqual([])
})

test('one region that is denied is named, and the others are swept', async () => {
  await access.open()
  const denied = { kind: 'error', code: 'UnauthorizedOperation', status: 403 } as const
  access.clouds.state.faults.next('DescribeSecurityGroupRules', denied)
  const result = await sweep(says('ended'), access.tools)
  expect(result.failed).toMatchObject([{ what: 'rules in us-east-1' }])
  expect(result.closed).toEqual(['e1'])
  expect(access.isAsBefore()).toBe(true)
})

test('what ends is forgotten when nothing can be on its way any more', async () => {
  await access.open()
  await access.close()
  await sweep(says('ended'), access.tools)
  expect(await access.store.list('open/')).toEqual(['open/e1/orders'])
  access.now = new Date('2026-09-01T10:45:00Z')
  await sweep(says('ended'), access.tools)
  expect(await access.store.list('open/')).toEqual([])
})

test('another stack’s rules are left to that stack’s own sweep, expired or not', async () => {
  access.variables = { ...access.variables, SAMPAN_STACK: 'theirs' }
  await access.open()
  access.variables = { ...access.variables, SAMPAN_STACK: 'ours' }
  expect(await sweep(says('unknown'), access.tools)).toMatchObject({ kept: ['e1'] })
  access.now = new Date('2026-09-09T10:00:00Z')
  expect(await sweep(says('unknown'), access.tools)).toMatchObject({ kept: ['e1'] })
  access.variables = { ...access.variables, SAMPAN_STACK: 'theirs' }
  expect(await sweep(says('unknown'), access.tools)).toMatchObject({ closed: ['e1'] })
  expect(access.isAsBefore()).toBe(true)
})

const stack = (home?: string) => ({
  SAMPAN_EGRESS_ADDRESSES: '52.1.2.3',
  SAMPAN_STACK: 'Sampan',
  ...(home ? { SAMPAN_STACK_HOME: home } : {}),
})

test('a stack of the same name in another region does not close what it has never heard of, and the own one does', async () => {
  access.variables = stack('us-east-1:111122223333')
  await access.open({ access: { dtsCidrs: ['47.1.0.0/24'] } })
  // Each has documents of its own.
  await access.loseDocuments()
  const standing = access.standing()
  for (const home of ['eu-west-1:111122223333', 'us-east-1:444455556666']) {
    access.variables = stack(home)
    for (const time of ['2026-09-01T12:00:00Z', '2026-09-30T10:00:00Z']) {
      access.now = new Date(time)
      expect(await sweep(says('unknown'), access.tools)).toMatchObject({ closed: [], kept: ['e1'] })
      expect(await sweep(says('ended'), access.tools)).toMatchObject({ closed: [], kept: ['e1'] })
    }
  }
  expect(access.standing()).toBe(standing)
  access.variables = stack('us-east-1:111122223333')
  expect(await sweep(says('unknown'), access.tools)).toMatchObject({ closed: ['e1'] })
  expect(access.peers()).not.toContain('47.1.0.0/24')
})

test('rules from before region and account were in their tags are closed where their execution or their record is known', async () => {
  access.variables = stack()
  await access.open({ access: { dtsCidrs: ['47.1.0.0/24'] } }, 'recorded')
  access.variables = stack('us-east-1:111122223333')
  access.now = new Date('2026-09-01T12:00:00Z')
  expect(await sweep(says('unknown'), access.tools)).toMatchObject({ closed: ['recorded'] })
  expect(access.isAsBefore()).toBe(true)

  access.variables = stack()
  await access.open({ access: { dtsCidrs: ['47.1.0.0/24'] } }, 'lost')
  await access.loseDocuments()
  access.variables = stack('us-east-1:111122223333')
  access.now = new Date('2026-09-30T12:00:00Z')
  expect(await sweep(says('unknown'), access.tools)).toMatchObject({ closed: [], kept: ['lost'] })
  expect(await sweep(says('ended'), access.tools)).toMatchObject({ closed: ['lost'] })
  expect(access.peers()).not.toContain('47.1.0.0/24')
})

test('an execution that is not known is given an hour to become known', async () => {
  await access.open()
  expect(await sweep(says('unknown'), access.tools)).toMatchObject({ kept: ['e1'] })
  access.now = new Date('2026-09-01T11:00:01Z')
  expect(await sweep(says('unknown'), access.tools)).toMatchObject({ closed: ['e1'] })
})

test('one execution that cannot be closed does not keep the others open', async () => {
  await access.open({ access: { dtsCidrs: ['47.1.0.0/24'] } }, 'first')
  access.variables = { SAMPAN_EGRESS_ADDRESSES: '52.9.9.9' }
  await access.open({ access: { dtsCidrs: ['47.2.0.0/24'] } }, 'second')
  access.clouds.state.faults.next('RevokeSecurityGroupIngress', {
    kind: 'error',
    code: 'UnauthorizedOperation',
    status: 403,
  })
  const result = await sweep(says('ended'), access.tools)
  expect(result).toMatchObject({ closed: ['second'], failed: [{ what: 'first' }] })
  expect(access.peers()).toContain('47.1.0.0/24')
  expect(access.peers()).not.toContain('47.2.0.0/24')
})

test('Step Functions is asked by the ARN of the execution', async () => {
  const machine = 'arn:aws:states:us-east-1:111122223333:stateMachine:Sampan'
  access.variables = { SAMPAN_STATE_MACHINE_ARN: machine }
  access.clouds.state.executions.set('arn:aws:states:us-east-1:111122223333:execution:Sampan:e1', 'RUNNING')
  access.clouds.state.executions.set('arn:aws:states:us-east-1:111122223333:execution:Sampan:e2', 'TIMED_OUT')
  const stateOf = executionStates(access.tools.environment, access.signal)
  expect(await Promise.all(['e1', 'e2', 'e3'].map(stateOf))).toEqual(['running', 'ended', 'unknown'])
})

test.each(['ABORTED', 'TIMED_OUT', 'FAILED', 'SUCCEEDED'])(
  'an execution that ends %s is closed by the event alone',
  async (status) => {
    await access.open()
    for (const [name, value] of Object.entries(access.tools.environment)) vi.stubEnv(name, String(value))
    vi.stubEnv('SAMPAN_LOG', 'off')
    const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => 60_000 }
    const event = { region: 'us-east-1', detail: { name: 'e1', status, input: null } }
    expect(await closeByStatus({ ...event, detail: { ...event.detail, status: 'RUNNING' } }, context)).toEqual({
      closed: 0,
    })
    expect(await closeByStatus(event, context)).toEqual({ closed: 5 })
    expect(access.isAsBefore()).toBe(true)
  },
)
