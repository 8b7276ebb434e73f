import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { handler as close } from '../../../lambdas/stages/access/close-handler.ts'
import { handler as open } from '../../../lambdas/stages/access/open-handler.ts'
import { handler as sweep } from '../../../lambdas/stages/access/sweep-handler.ts'
import { times } from '../../../local/fakes/faults.ts'
import { type Access, startAccess } from './harness.ts'

let access: Access
const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => 60_000 }

beforeEach(async () => {
  access = await startAccess()
  for (const [name, value] of Object.entries(access.tools.environment)) vi.stubEnv(name, String(value))
  vi.stubEnv('SAMPAN_LOG', 'off')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await access.stop()
})

test('OpenAccess and CloseAccess answer what the state machine reads', async () => {
  const opened = await open(access.event(), context)
  expect(opened).toEqual({
    verdict: 'done',
    pause: 0,
    spent: 19,
    window: null,
    error: null,
    output: {
      source: { host: 'orders-prod.example.us-east-1.rds.amazonaws.com', port: 5432 },
      destination: { host: 'pgm-1pub.pgsql.singapore.rds.aliyuncs.com', port: 5432 },
    },
  })
  expect(await close(access.event(), context)).toMatchObject({ verdict: 'done', output: { closed: 5 } })
  expect(access.isAsBefore()).toBe(true)
})

test('a cloud that is busy is waited for by the state machine, a wrong task is not', { tags: 'long' }, async () => {
  access.clouds.state.faults.next('AuthorizeSecurityGroupIngress', ...times(5, { kind: 'throttle' }))
  expect(await open(access.event(), context)).toMatchObject({ verdict: 'retry', error: { code: 'AWS_THROTTLED' } })
  const wrong = access.event({ source: { rdsInstance: 'nobody', secret: 'env:X' } })
  expect(await open(wrong, context)).toMatchObject({ verdict: 'failed', error: { code: 'SRC_INSTANCE_NOT_FOUND' } })
})

test('a call whose time is up goes on in the next', async () => {
  access.apsara.staleReads = 1_000
  const short = { ...context, getRemainingTimeInMillis: () => 1_500 }
  expect(await open(access.event(), short)).toMatchObject({ verdict: 'more' })
  access.apsara.staleReads = 0
  expect(await open(access.event(), context)).toMatchObject({ verdict: 'done' })
})

test('nothing secret is in what opening and closing write', async () => {
  await open(access.event(), context)
  await close(access.event(), context)
  const keys = await access.store.list('')
  const texts = await Promise.all(keys.map((key) => access.store.read(key)))
  expect(keys).toEqual(['open/e1/orders', 'runs/orders/e1/access.json', 'runs/orders/e1/instances.json'])
  expect(texts.join()).not.toMatch(/fake-aws-secret|fake-alibaba-secret|private key/)
})

test('a sweep that leaves something open fails, so that its alarm rings', async () => {
  vi.stubEnv('SAMPAN_STATE_MACHINE_ARN', 'arn:aws:states:us-east-1:111122223333:stateMachine:Sampan')
  access.clouds.state.executions.set('arn:aws:states:us-east-1:111122223333:execution:Sampan:e1', 'ABORTED')
  await open(access.event(), context)
  const denied = { kind: 'error', code: 'UnauthorizedOperation', status: 403 } as const
  access.clouds.state.faults.next('RevokeSecurityGroupIngress', denied)
  await expect(sweep({}, context)).rejects.toMatchObject({ code: 'SWEEP_INCOMPLETE' })
  expect(await sweep({}, context)).toEqual({ kept: [], closed: ['e1'], failed: [] })
  expect(access.isAsBefore()).toBe(true)
})
