import { afterEach, beforeEach, expect, test } from 'vitest'
import { databaseToken } from '../../../lambdas/core/cloud/database-token.ts'
import { describeInstance } from '../../../lambdas/core/cloud/rds.ts'
import { readSecretText } from '../../../lambdas/core/cloud/secrets.ts'
import { securityGroups } from '../../../lambdas/core/cloud/security-groups.ts'
import { readSourceCpu } from '../../../lambdas/core/cloud/source-cpu.ts'
import { type FakeClouds, startFakeClouds } from '../../../local/fakes/clouds.ts'
import { addSecurityGroup } from '../../../local/fakes/ec2.ts'
import { rdsInstance } from '../../../local/fakes/rds.ts'

const region = 'us-east-1'
const role = 'arn:aws:iam::210987654321:role/sampan-source'
let clouds: FakeClouds
let environment: Readonly<Record<string, string>>

beforeEach(async () => {
  clouds = await startFakeClouds({
    rds: [rdsInstance({ identifier: 'orders-prod', securityGroups: ['sg-1'] })],
    secrets: { 'sampan/orders': '{"password": "secret"}' },
  })
  addSecurityGroup(clouds.state.ec2, 'sg-1', [])
  clouds.state.roles.set(role, 'a-shared-word')
  environment = {
    ...clouds.environment,
    SAMPAN_SOURCE_ROLE: role,
    SAMPAN_SOURCE_EXTERNAL_ID: 'a-shared-word',
    SAMPAN_WORKER_ACCOUNT: '123456789012',
  }
})
afterEach(() => clouds.stop())

const calls = (service: string) => clouds.state.calls.filter((call) => call.service === service)

test('every call to the account of the source is signed by the role there, every other by ourselves', async () => {
  await Promise.all([
    describeInstance(environment, region, 'orders-prod'),
    securityGroups(environment, region).rulesOf(['sg-1']),
    readSourceCpu(environment, region, 'orders-prod', new AbortController().signal),
    readSecretText('sampan/orders', environment),
  ])
  for (const service of ['rds', 'ec2', 'monitoring']) {
    expect(
      calls(service).map(({ by }) => by),
      service,
    ).toEqual([role])
  }
  expect(calls('secretsmanager').map(({ by }) => by)).toEqual(['own'])
  // Asked for once, by all at the same time.
  expect(calls('sts')).toMatchObject([{ by: 'own', parameters: { RoleArn: role, ExternalId: 'a-shared-word' } }])
})

test('a login by IAM is signed by the role', async () => {
  const request = { host: 'orders.example', port: 5432, user: 'migrator', region }
  expect(await databaseToken(request, environment)).toContain('ASIASAMPANFAKE00001')
  expect(await databaseToken(request, clouds.environment)).toContain('AKIDSAMPANFAKE00001')
})

test('the group of the workers is named with its account: EC2 does not know it otherwise', async () => {
  const peer = { kind: 'group' as const, group: 'sg-workers' }
  await securityGroups(environment, region)
    .authorise('sg-1', [{ port: 5432, peer, description: 'a test' }], {})
    .catch(() => {})
  const [sent] = calls('ec2')
  expect(sent?.parameters).toMatchObject({ 'IpPermissions.1.Groups.1.UserId': '123456789012' })
})

test('credentials that are about to end are not used any more', async () => {
  const request = { host: 'orders.example', port: 5432, user: 'migrator', region }
  const asked = async (seconds: number) => {
    clouds.state.roleSeconds = seconds
    await databaseToken(request, { ...environment, SAMPAN_SOURCE_ROLE: `${role}-${seconds}` })
    const before = calls('sts').length
    await databaseToken(request, { ...environment, SAMPAN_SOURCE_ROLE: `${role}-${seconds}` })
    return calls('sts').length - before
  }
  for (const seconds of [3600, 60]) clouds.state.roles.set(`${role}-${seconds}`, 'a-shared-word')
  expect(await asked(3600)).toBe(0)
  expect(await asked(60)).toBeGreaterThan(0)
})

test('a role that does not trust us is named, with what to do there', async () => {
  const wrong = { ...environment, SAMPAN_SOURCE_EXTERNAL_ID: 'another-word' }
  await expect(describeInstance(wrong, region, 'orders-prod')).rejects.toMatchObject({
    code: 'SOURCE_ROLE_REFUSED',
    message: expect.stringContaining(role),
    remedy: expect.stringContaining('SourceRoleTrust'),
  })
  await expect(
    databaseToken({ host: 'orders.example', port: 5432, user: 'migrator', region }, wrong),
  ).rejects.toMatchObject({ code: 'SOURCE_ROLE_REFUSED' })
})
