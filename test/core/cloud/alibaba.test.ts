import { afterAll, beforeAll, expect, test } from 'vitest'
import { alibaba } from '../../../lambdas/core/cloud/alibaba.ts'
import { alibabaEndpoint } from '../../../lambdas/core/cloud/alibaba-endpoints.ts'
import { apsaraInstance } from '../../../local/fakes/alibaba.ts'
import { type FakeClouds, startFakeClouds } from '../../../local/fakes/clouds.ts'
import { times } from '../../../local/fakes/faults.ts'

let clouds: FakeClouds
const quick = { attempts: 4, firstPause: 1, longestPause: 5 }
const region = 'ap-southeast-1'
const describe = {
  product: 'rds' as const,
  region,
  action: 'DescribeDBInstanceAttribute',
  parameters: { DBInstanceId: 'pgm-1' },
}
const secret = () => clouds.environment.ALIBABA_CLOUD_ACCESS_KEY_SECRET ?? ''
const thrownBy = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it must fail'),
    (error) => error,
  )

beforeAll(async () => {
  clouds = await startFakeClouds({ apsara: [apsaraInstance({ instance: 'pgm-1' })] })
})
afterAll(() => clouds.stop())

const call = (given: Partial<Parameters<ReturnType<typeof alibaba>['call']>[0]> = {}, environment: object = {}) =>
  alibaba({ ...clouds.environment, ...environment }, quick).call({ ...describe, ...given })

test('a call is signed so that an independent implementation accepts it, and nonces never repeat', async () => {
  const comment = { DBInstanceId: 'pgm-1', Comment: "emoji 🛶, 舢舨, ~*()'! and spaces + plus" }
  const answers = await Promise.all(times(50, { kind: 'none' }).map(() => call({ parameters: comment })))
  expect(answers).toHaveLength(50)
  expect(answers[0]).toHaveProperty('Items.DBInstanceAttribute')
})

test('every call is a POST with nothing in the address', async () => {
  await call()
  const last = clouds.state.calls.at(-1)
  expect(last).toMatchObject({
    request: 'POST /',
    action: 'DescribeDBInstanceAttribute',
    region,
    parameters: { Version: '2014-08-15' },
  })
})

test('undefined and null are not sent, objects travel as JSON', async () => {
  await call({ parameters: { DBInstanceId: 'pgm-1', A: undefined, B: null, C: { x: [1] }, D: false, E: 0 } })
  const sent = clouds.state.calls.at(-1)?.parameters ?? {}
  expect(sent).toMatchObject({ C: '{"x":[1]}', D: 'false', E: '0' })
  expect(sent).not.toHaveProperty('A')
  expect(sent).not.toHaveProperty('B')
})

test('an answer has ordinary prototypes, and large integers keep every digit as text', async () => {
  const body = '{"RequestId":"r","Big":9007199254740993,"List":[{"Small":7}]}'
  clouds.state.faults.next('DescribeDBInstanceAttribute', { kind: 'answer', status: 200, body })
  const answer = await call()
  expect(answer).toStrictEqual({ RequestId: 'r', Big: '9007199254740993', List: [{ Small: 7 }] })
  expect(Object.getPrototypeOf(answer)).toBe(Object.prototype)
})

test('a business error inside a 200 answer is an error, with its blank filled in', async () => {
  const parameters = { Region: region, DestinationRegion: region, Type: 'both' }
  const error = await thrownBy(call({ product: 'dts', action: 'WhiteIpList', parameters }))
  expect(error).toMatchObject({ code: 'ALIBABA_CALL_REFUSED', alibabaCode: 'InvalidParameter', retryable: false })
  expect(error.message).toContain('Parameter Type was refused.')
})

test('Success as the text "true" is success, whatever ErrCode says', async () => {
  const parameters = { SourceEndpointRegion: region, DestinationEndpointRegion: region }
  const answer = await call({ product: 'dts', action: 'DescribeDTSIP', parameters })
  expect(answer).toMatchObject({ Success: 'true', ErrCode: 'InternalError' })
})

test('DescribePreCheckStatus answers although its Code is "01"', async () => {
  const answer = await call({
    product: 'dts',
    action: 'DescribePreCheckStatus',
    parameters: { DtsJobId: 'x', JobCode: '01' },
  })
  expect(answer).toMatchObject({ Code: '01', State: 'Success' })
})

test.each([
  ['throttling', { kind: 'throttle' } as const],
  ['a reset connection', { kind: 'reset' } as const],
  ['a gateway’s HTML page', { kind: 'html' } as const],
  ['a 503', { kind: 'error', code: 'ServiceUnavailable', status: 503 } as const],
  ['an instance that is busy', { kind: 'error', code: 'IncorrectDBInstanceState', status: 403 } as const],
])('%s is repeated until it passes', async (_, fault) => {
  clouds.state.faults.next('DescribeDBInstanceAttribute', ...times(3, fault))
  await expect(call()).resolves.toHaveProperty('Items')
})

test('what does not pass ends as a retryable error of its kind', async () => {
  clouds.state.faults.next('DescribeDBInstanceAttribute', ...times(4, { kind: 'throttle' }))
  expect(await thrownBy(call())).toMatchObject({ code: 'ALIBABA_BUSY', retryable: true, kind: 'other' })
  clouds.state.faults.next('DescribeDBInstanceAttribute', ...times(4, { kind: 'html' }))
  expect(await thrownBy(call())).toMatchObject({ code: 'ALIBABA_UNREACHABLE', retryable: true, kind: 'connection' })
})

test('DTS states that forbid a change for the moment are waited for by changing calls only', async () => {
  const busy = { kind: 'error', code: 'InvalidJobStatus' } as const
  clouds.state.faults.next('DescribeDBInstanceAttribute', busy)
  await expect(call({ modifies: true })).resolves.toHaveProperty('Items')
  clouds.state.faults.next('DescribeDBInstanceAttribute', busy)
  expect(await thrownBy(call())).toMatchObject({ code: 'ALIBABA_CALL_REFUSED' })
})

test('an unlisted refusal is permanent and asked once', async () => {
  clouds.state.faults.next('DescribeDBInstanceAttribute', { kind: 'error', code: 'Something.New', status: 400 })
  const before = clouds.state.calls.length
  expect(await thrownBy(call())).toMatchObject({ code: 'ALIBABA_CALL_REFUSED', alibabaCode: 'Something.New' })
  expect(clouds.state.calls.length - before).toBe(1)
})

test('a 403 without Code, which pop-core takes for success, is an error', async () => {
  const fault = { kind: 'answer', status: 403, body: '{"Message":"Forbidden by proxy"}' } as const
  clouds.state.faults.next('DescribeDBInstanceAttribute', fault)
  expect(await thrownBy(call())).toMatchObject({ code: 'ALIBABA_PERMISSION_MISSING', retryable: false })
})

test('without credentials nothing is sent', async () => {
  const before = clouds.state.calls.length
  const none = { ALIBABA_CLOUD_ACCESS_KEY_ID: '', ALIBABA_CLOUD_ACCESS_KEY_SECRET: '' }
  expect(await thrownBy(call({}, none))).toMatchObject({ code: 'ALIBABA_CREDENTIALS_MISSING' })
  expect(clouds.state.calls.length).toBe(before)
})

test('a wrong secret is told without the secret, the parameters or the signature', async () => {
  const parameters = { DBInstanceId: 'pgm-1', AccountPassword: 'Hunter2-of-the-tests' }
  const wrong = { ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'a-wrong-secret-of-the-tests' }
  const error = await thrownBy(call({ parameters }, wrong))
  expect(error).toMatchObject({ code: 'ALIBABA_CREDENTIALS_REFUSED', retryable: false })
  const everything = `${error.stack} ${JSON.stringify(error)} ${JSON.stringify(error.cause ?? null)}`
  expect(everything).not.toMatch(/Hunter2|a-wrong-secret|Signature=/)
})

test('a message that repeats a credential has it taken out', async () => {
  const fault = { kind: 'error', code: 'Odd', message: `key ${secret()} is odd` } as const
  clouds.state.faults.next('DescribeDBInstanceAttribute', fault)
  const error = await thrownBy(call())
  expect(error.message).toContain('key *** is odd')
})

test('credentials come from a secret too, in the spelling of Alibaba’s STS', async () => {
  clouds.state.secrets.set(
    'alibaba',
    JSON.stringify({
      AccessKeyId: clouds.environment.ALIBABA_CLOUD_ACCESS_KEY_ID,
      AccessKeySecret: secret(),
      SecurityToken: 'sts',
    }),
  )
  const none = {
    ALIBABA_CLOUD_ACCESS_KEY_ID: '',
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: '',
    SAMPAN_ALIBABA_SECRET: 'alibaba',
  }
  await call({}, none)
  expect(clouds.state.calls.at(-1)?.parameters).toMatchObject({ SecurityToken: 'sts' })
})

test('a stopped run does not wait for a busy service', async () => {
  const stop = new AbortController()
  clouds.state.faults.next('DescribeDBInstanceAttribute', ...times(4, { kind: 'throttle' }))
  const patient = alibaba(clouds.environment, { attempts: 4, firstPause: 60_000, longestPause: 60_000 })
  const working = thrownBy(patient.call({ ...describe, signal: stop.signal }))
  setTimeout(() => stop.abort(), 50)
  expect(await working).toMatchObject({ name: 'AbortError' })
  clouds.state.faults.next('DescribeDBInstanceAttribute')
  while (clouds.state.faults.take('DescribeDBInstanceAttribute')) {}
})

test('a stopped run does not wait for an answer either', async () => {
  const stop = new AbortController()
  clouds.state.faults.next('DescribeDBInstanceAttribute', { kind: 'silence' })
  const working = thrownBy(call({ signal: stop.signal }))
  setTimeout(() => stop.abort(), 50)
  expect(await working).toMatchObject({ name: 'AbortError' })
})

test('endpoints follow the rules of the SDKs', () => {
  expect(alibabaEndpoint('dts', 'ap-southeast-1', {})).toBe('https://dts.aliyuncs.com')
  expect(alibabaEndpoint('dts', 'ap-northeast-1', {})).toBe('https://dts.ap-northeast-1.aliyuncs.com')
  expect(alibabaEndpoint('rds', 'cn-hangzhou', {})).toBe('https://rds.aliyuncs.com')
  expect(alibabaEndpoint('rds', 'eu-central-1', {})).toBe('https://rds.eu-central-1.aliyuncs.com')
})
