import { describe, expect, it } from 'vitest'
import { isAwsRole, regionOfHost } from '../../../lambdas/core/task/aws-names.ts'
import { parseBlock } from '../../../lambdas/core/task/cidr.ts'
import { readTask } from '../../../lambdas/core/task/problems.ts'
import { specialUse } from '../../../lambdas/core/task/special-blocks.ts'
import { smallTask } from './tasks.ts'

const RDS = 'orders.abc123.eu-west-3.rds.amazonaws.com'

describe('a source that is logged in to by IAM', () => {
  const problems = (source: Record<string, unknown>) =>
    readTask({ ...smallTask(), source: { authentication: 'iam', ...source } }).problems.map(
      ({ code, path }) => `${code} ${path}`,
    )

  it.each([
    ['a user and the instance’s own name', { host: RDS, user: 'u' }, []],
    ['another name beside its region', { host: 'db.example', region: 'eu-west-3', user: 'u' }, []],
    ['a name that tells no region', { host: 'db.example', user: 'u' }, ['TASK_REGION_MISSING source.region']],
    ['no user', { host: RDS }, ['TASK_USER_MISSING source.user']],
    ['a password too', { host: RDS, user: 'u', secret: 'orders' }, ['TASK_PASSWORD_AMBIGUOUS source.secret']],
    ['no TLS', { host: RDS, user: 'u', tls: { mode: 'disable' } }, ['TASK_IAM_NEEDS_TLS source.tls.mode']],
  ])('has %s', (_, source, expected) => expect(problems(source)).toEqual(expected))

  it('hears of everything at once', () => {
    expect(problems({ host: 'db.example', passwordFile: '/p', tls: { mode: 'disable' } })).toEqual([
      'TASK_PASSWORD_AMBIGUOUS source.passwordFile',
      'TASK_USER_MISSING source.user',
      'TASK_IAM_NEEDS_TLS source.tls.mode',
      'TASK_REGION_MISSING source.region',
    ])
  })
})

describe('Amazon’s names', () => {
  it.each([
    [RDS, 'eu-west-3'],
    ['orders.abc123.cn-north-1.rds.amazonaws.com.cn', 'cn-north-1'],
    ['orders.abc123.us-gov-east-1.rds.amazonaws.com', 'us-gov-east-1'],
    [`${RDS}.example`, null],
    ['db.example', null],
  ])('%s is of the region %s', (host, region) => expect(regionOfHost(host)).toBe(region))

  it('roles of RDS itself are known, and no others', () => {
    expect(['rds_superuser', 'rdsadmin', 'rdsrepladmin'].every(isAwsRole)).toBe(true)
    expect(['rds', 'rdsapp', 'my_rds_role'].some(isAwsRole)).toBe(false)
  })
})

describe('a block of addresses', () => {
  const use = (text: string) => {
    const block = parseBlock(text)
    if ('problem' in block) throw new Error(text)
    return specialUse(block)
  }

  it.each([
    ['10.1.2.0/24', 'private'],
    ['0.0.0.0/0', 'this network'],
    ['11.5.0.0/16', 'used inside Alibaba Cloud'],
    ['fd00::/8', 'private, link-local or multicast'],
    ['2001:db8:1::/48', 'for documentation'],
    ['8.8.8.0/24', undefined],
    ['2400:3200::/32', undefined],
  ])('%s: %s', (text, what) => expect(use(text)).toBe(what))
})
