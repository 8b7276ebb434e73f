import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { toAwsError } from '../../../lambdas/core/cloud/aws-errors.ts'
import { ec2 } from '../../../lambdas/core/cloud/ec2-client.ts'
import { describeInstance } from '../../../lambdas/core/cloud/rds.ts'
import { securityGroups } from '../../../lambdas/core/cloud/security-groups.ts'
import { type FakeClouds, startFakeClouds } from '../../../local/fakes/clouds.ts'
import { addSecurityGroup } from '../../../local/fakes/ec2.ts'
import { times } from '../../../local/fakes/faults.ts'
import { rdsInstance } from '../../../local/fakes/rds.ts'

let clouds: FakeClouds
const region = 'us-east-1'
const block = (cidr: string) => ({ port: 5432, peer: { kind: 'block' as const, cidr }, description: 'a test' })

beforeAll(async () => {
  clouds = await startFakeClouds({
    rds: [
      rdsInstance({ identifier: 'orders-prod', securityGroups: ['sg-1', 'sg-2'] }),
      rdsInstance({
        identifier: 'orders-1',
        engine: 'aurora-postgresql',
        cluster: 'orders',
        publiclyAccessible: false,
      }),
      rdsInstance({ identifier: 'orders-2', engine: 'aurora-postgresql', cluster: 'orders', securityGroups: ['sg-w'] }),
      rdsInstance({ identifier: 'unborn', status: 'creating' }),
    ],
    clusters: [
      {
        identifier: 'orders',
        region,
        host: 'orders.cluster',
        port: 5433,
        members: ['orders-1', 'orders-2'],
        writer: 'orders-2',
      },
    ],
  })
})
afterAll(() => clouds.stop())
beforeEach(() => {
  addSecurityGroup(clouds.state.ec2, 'sg-1', [{ cidrIpv4: '198.51.100.7/32', description: 'the office' }])
})

test('an RDS instance is found with its endpoint, engine, status and all security groups', async () => {
  const found = await describeInstance(clouds.environment, region, 'orders-prod')
  expect(found).toMatchObject({
    identifier: 'orders-prod',
    cluster: null,
    writable: true,
    port: 5432,
    publiclyAccessible: true,
    engine: 'postgres',
    engineVersion: '16.4',
    status: 'available',
    securityGroups: ['sg-1', 'sg-2'],
    caCertificateIdentifier: 'rds-ca-rsa2048-g1',
  })
})

test('an Aurora cluster is reached by its own endpoint, and its facts are the writer’s', async () => {
  const found = await describeInstance(clouds.environment, region, 'orders')
  expect(found).toMatchObject({ identifier: 'orders-2', host: 'orders.cluster', port: 5433, securityGroups: ['sg-w'] })
  expect(found.writable).toBe(true)
  expect((await describeInstance(clouds.environment, region, 'orders-1')).writable).toBe(false)
})

test('an instance that does not exist is named with its region; one being made is waited for', async () => {
  await expect(describeInstance(clouds.environment, region, 'nobody')).rejects.toMatchObject({
    code: 'SRC_INSTANCE_NOT_FOUND',
    message: expect.stringContaining('us-east-1'),
    retryable: false,
  })
  await expect(describeInstance(clouds.environment, region, 'unborn')).rejects.toMatchObject({
    code: 'SRC_INSTANCE_WITHOUT_ENDPOINT',
    retryable: true,
  })
})

test('the fake refuses a wrong secret, and the error names no secret', async () => {
  const environment = { ...clouds.environment, AWS_SECRET_ACCESS_KEY: 'not-the-right-secret' }
  const error = await describeInstance(environment, region, 'orders-prod').catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'AWS_CREDENTIALS_REFUSED', retryable: false })
  expect(JSON.stringify(error) + error.stack).not.toContain('not-the-right-secret')
})

test('no credentials at all are told apart from wrong ones', () => {
  const none = Object.assign(new Error('Could not load credentials from any providers'), {
    name: 'CredentialsProviderError',
  })
  expect(toAwsError(none, 'read it')).toMatchObject({
    code: 'AWS_CREDENTIALS_MISSING',
    message: 'could not read it: no AWS credentials are given',
    remedy: expect.stringContaining('AWS_PROFILE'),
  })
})

test('throttling is sat out; throttling without end is retryable', { tags: 'long' }, async () => {
  clouds.state.faults.next('DescribeDBInstances', ...times(2, { kind: 'throttle' }))
  await expect(describeInstance(clouds.environment, region, 'orders-prod')).resolves.toBeTruthy()
  clouds.state.faults.next('DescribeDBInstances', ...times(5, { kind: 'throttle' }))
  const error = await describeInstance(clouds.environment, region, 'orders-prod').catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'AWS_THROTTLED', retryable: true })
})

test('a missing permission names the action and is not retried', async () => {
  clouds.state.faults.next('DescribeDBInstances', { kind: 'error', code: 'AccessDenied', status: 403 })
  await expect(describeInstance(clouds.environment, region, 'orders-prod')).rejects.toMatchObject({
    code: 'AWS_PERMISSION_MISSING',
    message: expect.stringContaining('rds:DescribeDBInstances'),
  })
})

test('an endpoint that nobody answers on is retryable as a connection error', async () => {
  const environment = { ...clouds.environment, SAMPAN_AWS_ENDPOINT: 'http://127.0.0.1:9' }
  const error = await describeInstance(environment, region, 'orders-prod').catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'AWS_UNREACHABLE', retryable: true, kind: 'connection' })
})

test('rules are added in one call, carry their tags, and are found again by them across pages', async () => {
  clouds.state.ec2.pageSize = 2
  const groups = securityGroups(clouds.environment, region)
  const cidrs = ['47.88.133.0/24', '47.88.139.0/24', '47.74.206.0/24', '2400:3200::/48']
  const added = await groups.authorise('sg-1', cidrs.map(block), { 'sampan:execution': 'e1' })
  expect(added).toMatchObject({ outcome: 'added' })
  const found = await groups.rulesTagged('sampan:execution', 'e1')
  expect(found.map((rule) => rule.peer)).toEqual(cidrs.map((cidr) => ({ kind: 'block', cidr })))
  expect(await groups.rulesTagged('sampan:execution', 'e2')).toEqual([])
  expect(await groups.rulesOf(['sg-1'])).toHaveLength(5)
  clouds.state.ec2.pageSize = 1000
})

test('one rule that stands already refuses the batch, and nothing of it is added', async () => {
  const groups = securityGroups(clouds.environment, region)
  const answer = await groups.authorise('sg-1', [block('47.88.133.0/24'), block('198.51.100.7/32')], {})
  expect(answer).toEqual({ outcome: 'duplicate' })
  expect(await groups.rulesOf(['sg-1'])).toHaveLength(1)
})

test('a group without room says so', async () => {
  clouds.state.ec2.quota = 1
  const groups = securityGroups(clouds.environment, region)
  await expect(groups.authorise('sg-1', [block('47.88.133.0/24')], {})).rejects.toMatchObject({
    code: 'ACCESS_QUOTA_EXCEEDED',
  })
  clouds.state.ec2.quota = 60
})

test('revoking rules of which one is gone removes the others', async () => {
  const groups = securityGroups(clouds.environment, region)
  const added = await groups.authorise('sg-1', [block('47.88.133.0/24'), block('47.88.139.0/24')], {})
  const ids = added.outcome === 'added' ? added.rules.map((rule) => rule.ruleId) : []
  await groups.revoke('sg-1', ['sgr-0nobody', ...ids])
  expect((await groups.rulesOf(['sg-1'])).map((rule) => rule.description)).toEqual(['the office'])
})

test('a call ends when the run is stopped', async () => {
  const stop = new AbortController()
  clouds.state.faults.next('DescribeDBInstances', { kind: 'meanwhile', run: () => stop.abort() })
  const error = await describeInstance(clouds.environment, region, 'orders-prod', stop.signal).catch((thrown) => thrown)
  expect(error).toMatchObject({ name: 'AbortError' })
})

test('clients are made once per region and credentials', async () => {
  const { client } = await ec2(clouds.environment, 'eu-west-1')
  expect((await ec2({ ...clouds.environment }, 'eu-west-1')).client).toBe(client)
  expect((await ec2(clouds.environment, 'us-east-1')).client).not.toBe(client)
  expect((await ec2({ ...clouds.environment, AWS_ACCESS_KEY_ID: 'another' }, 'eu-west-1')).client).not.toBe(client)
})
