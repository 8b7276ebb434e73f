import { afterEach, beforeEach, expect, test } from 'vitest'
import { readInstances } from '../../../lambdas/core/cloud/instances.ts'
import { openAccess } from '../../../lambdas/stages/access/open.ts'
import { sweep } from '../../../lambdas/stages/access/sweep.ts'
import { addSecurityGroup } from '../../../local/fakes/ec2.ts'
import { type Fault, times } from '../../../local/fakes/faults.ts'
import fixture from './dts-cidrs-2021-03-16.json' with { type: 'json' }
import { type Access, startAccess } from './harness.ts'

let access: Access
/** As many blocks as DTS published for Beijing, more than one group takes. */
const beijing = Array.from({ length: 79 }, (_, index) => `47.${index}.0.0/24`)

beforeEach(async () => {
  access = await startAccess()
  access.rds.securityGroups = ['sg-1']
  access.variables = { ...access.variables, SAMPAN_TEMPORARY_GROUPS: 'allow' }
})
afterEach(() => access.stop())

const temporary = () => [...access.clouds.state.ec2.groups.values()].filter((group) => group.tags['sampan:execution'])

test('blocks that find no room go into a group of the run’s own, which is attached to the instance', async () => {
  await access.open({ access: { dtsCidrs: beijing } })
  const [group] = temporary()
  expect(group?.rules).toHaveLength(22)
  expect(access.rules('sg-1')).toHaveLength(60)
  expect(access.rds.securityGroups).toEqual(['sg-1', group?.id])
  expect((await access.record()).open).toHaveLength(81)
})

test('closing takes the group off the instance and removes it, and keeps a group somebody attached meanwhile', async () => {
  await access.open({ access: { dtsCidrs: beijing } })
  access.rds.securityGroups = [...access.rds.securityGroups, 'sg-2']
  await access.close()
  expect(access.rds.securityGroups).toEqual(['sg-1', 'sg-2'])
  expect(temporary()).toEqual([])
  expect(access.isAsBefore()).toBe(true)
})

test('with room enough no group is made', async () => {
  await access.open()
  expect(temporary()).toEqual([])
  expect(access.rds.securityGroups).toEqual(['sg-1'])
})

test('opening again makes no second group', async () => {
  await access.open({ access: { dtsCidrs: beijing } })
  const standing = access.standing()
  await access.open({ access: { dtsCidrs: beijing } })
  expect(access.standing()).toBe(standing)
})

test('more groups than an instance takes are refused before anything is made', async () => {
  access.variables = { ...access.variables, SAMPAN_RULES_PER_GROUP: '10' }
  const error = await access.open({ access: { dtsCidrs: beijing } }).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'ACCESS_QUOTA_EXCEEDED', retryable: false })
  expect(access.isAsBefore()).toBe(true)
})

test('without the right to make groups the quota is told, with the way out', async () => {
  access.variables = {}
  await expect(access.open({ access: { dtsCidrs: beijing } })).rejects.toMatchObject({
    code: 'ACCESS_QUOTA_EXCEEDED',
    remedy: expect.stringContaining('temporary groups'),
  })
  expect(access.isAsBefore()).toBe(true)
})

test('a prefix list counts as many rules as it may have entries, which only EC2 knows: the run’s own groups take the rest', async () => {
  addSecurityGroup(access.clouds.state.ec2, 'sg-1', [{ prefixListEntries: 55 }])
  await access.open({ access: { dtsCidrs: beijing.slice(0, 20) } })
  expect(access.rules('sg-1')).toHaveLength(1)
  expect(temporary().map((group) => group.rules.length)).toEqual([21])
  await access.close()
  expect(temporary()).toEqual([])
})

const toHangzhou = {
  destination: { apsaraInstance: 'pgm-1', region: 'cn-hangzhou', secret: 'env:Y', tls: { ca: { secret: 'env:CA' } } },
} as const
const findings = async () => (await readInstances(access.store, access.event().run))?.findings ?? []

test('blocks of DTS that nobody asked for and that find no room are left out whole, and the precheck says so', async () => {
  const { 'cn-hangzhou': hangzhou } = fixture.regions
  const white = hangzhou.published.join(',')
  access.clouds.state.alibaba.dts.set('cn-hangzhou', { white, described: white })
  Object.assign(access.apsara, { region: 'cn-hangzhou' })
  access.variables = { SAMPAN_EGRESS_ADDRESSES: '52.1.2.3' }
  await access.open(toHangzhou)
  const own = access.rules('sg-1').filter((rule) => rule.tags['sampan:execution'])
  expect(own.map((rule) => rule.cidrIpv4)).toEqual(['52.1.2.3/32'])
  expect(await findings()).toEqual([
    expect.objectContaining({
      code: 'SRC_GROUPS_FULL',
      message: 'DTS is not let in to orders-prod: 66 rules are wanted, 8 find no room: sg-1 has 2 of 60',
    }),
  ])
  await access.close('e1', [{ region: 'cn-hangzhou', instance: 'pgm-1' }])
  // Allowed, they get groups of the run's own; the report tells the figures.
  access.variables = { ...access.variables, SAMPAN_TEMPORARY_GROUPS: 'allow' }
  await access.open(toHangzhou, 'e2')
  expect(temporary().map((group) => group.rules.length)).toEqual([8])
  expect((await access.record('e2')).notes.map(({ code }) => code)).toContain('ACCESS_TEMPORARY_GROUPS')
})

test('an instance that RDS is busy with is waited for', async () => {
  access.clouds.state.faults.next('ModifyDBInstance', { kind: 'error', code: 'InvalidDBInstanceState' })
  const error = await access.open({ access: { dtsCidrs: beijing } }).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'SRC_INSTANCE_BUSY', retryable: true })
  await access.open({ access: { dtsCidrs: beijing } })
  expect(access.rds.securityGroups).toHaveLength(2)
})

test('a crash after every single call is closed by tags and record alone', { tags: 'long' }, async () => {
  let opened = false
  for (let calls = 0; !opened; calls++) {
    const execution = `crash-${calls}`
    const dying = new AbortController()
    const { faults } = access.clouds.state
    const die: Fault = { kind: 'meanwhile', run: () => dying.abort(new Error('the Lambda died')) }
    faults.next('*', ...times(calls, { kind: 'none' }), die)
    const event = access.event({ access: { dtsCidrs: beijing } }, execution)
    opened = await openAccess(event, { ...access.tools, signal: dying.signal }).then(
      () => !dying.signal.aborted,
      () => false,
    )
    while (faults.take('*')) {}
    const swept = await sweep(async () => 'ended', access.tools)
    expect([execution, swept.failed, temporary(), access.rds.securityGroups]).toEqual([execution, [], [], ['sg-1']])
    expect(access.isAsBefore()).toBe(true)
    if (calls > 60) throw new Error('opening never completed')
  }
})
