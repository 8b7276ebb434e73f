import { expect, test } from 'vitest'
import type { IngressRule } from '../../../lambdas/core/cloud/security-groups.ts'
import { type AccessWish, planAccess, requireRoom, type Wanted } from '../../../lambdas/stages/access/plan.ts'

const dts = (cidr: string): Wanted => ({ peer: { kind: 'block', cidr }, purpose: 'dts' })
const rule = (given: Partial<IngressRule> & { readonly cidr?: string }): IngressRule => ({
  ruleId: `sgr-${given.cidr ?? 'x'}`,
  group: 'sg-1',
  protocol: 'tcp',
  fromPort: 5432,
  toPort: 5432,
  peer: given.cidr ? { kind: 'block', cidr: given.cidr } : null,
  description: '',
  tags: {},
  ...given,
})
const wish = (given: Partial<AccessWish>): AccessWish => ({
  isOwn: (tags) => tags['sampan:execution'] === 'e1',
  port: 5432,
  groups: [{ id: 'sg-1', rules: [] }],
  wanted: [],
  rulesPerGroup: 60,
  ...given,
})
const many = (count: number, third = 0) => Array.from({ length: count }, (_, index) => `47.${third}.${index}.0/24`)

const required = (given: AccessWish) => requireRoom(given, planAccess(given))

test('the first group gets the rules', () => {
  const groups = [
    { id: 'sg-1', rules: [] },
    { id: 'sg-2', rules: [] },
  ]
  const plan = planAccess(wish({ groups, wanted: many(3).map(dts) }))
  expect(plan.add.map((one) => one.group)).toEqual(['sg-1', 'sg-1', 'sg-1'])
})

test('an identical rule in any group is used as it stands', () => {
  const groups = [
    { id: 'sg-1', rules: [] },
    { id: 'sg-2', rules: [rule({ cidr: '47.0.0.0/24', group: 'sg-2' })] },
  ]
  const plan = planAccess(wish({ groups, wanted: [dts('47.0.0.0/24')] }))
  expect(plan).toMatchObject({ add: [], ours: [], existing: [{ rule: { group: 'sg-2' } }] })
})

test('a rule is identical only with the same protocol, port and peer', () => {
  const rules = [
    rule({ cidr: '47.0.0.0/24', toPort: 5433 }),
    rule({ cidr: '47.0.0.0/24', protocol: 'udp' }),
    rule({ cidr: '47.0.0.0/24', protocol: '-1', fromPort: -1, toPort: -1 }),
    rule({ cidr: '47.0.0.0/16' }),
    rule({ cidr: '0.0.0.0/0' }),
  ]
  const plan = planAccess(wish({ groups: [{ id: 'sg-1', rules }], wanted: [dts('47.0.0.0/24')] }))
  expect(plan.add).toHaveLength(1)
})

test('what an attempt before added is ours, by its tag', () => {
  const rules = [rule({ cidr: '47.0.0.0/24', tags: { 'sampan:execution': 'e1' } })]
  const plan = planAccess(wish({ groups: [{ id: 'sg-1', rules }], wanted: [dts('47.0.0.0/24')] }))
  expect(plan).toMatchObject({ add: [], existing: [], ours: [{ rule: { ruleId: 'sgr-47.0.0.0/24' } }] })
})

test('one peer for two purposes is one rule', () => {
  const wanted: Wanted[] = [{ peer: { kind: 'block', cidr: '47.0.0.0/24' }, purpose: 'workers' }, dts('47.0.0.0/24')]
  expect(planAccess(wish({ wanted })).add).toMatchObject([{ wanted: { purpose: 'workers' } }])
})

test('a full group passes the rest on to the instance’s next group', () => {
  const groups = [
    { id: 'sg-1', rules: many(58, 1).map((cidr) => rule({ cidr })) },
    { id: 'sg-2', rules: [] },
  ]
  const plan = planAccess(wish({ groups, wanted: many(5).map(dts) }))
  expect(plan.add.map((one) => one.group)).toEqual(['sg-1', 'sg-1', 'sg-2', 'sg-2', 'sg-2'])
})

test('without room anywhere nothing is planned, and the error has the figures', () => {
  const groups = [{ id: 'sg-1', rules: many(55, 1).map((cidr) => rule({ cidr })) }]
  expect(() => required(wish({ groups, wanted: many(7).map(dts) }))).toThrowError(
    expect.objectContaining({
      code: 'ACCESS_QUOTA_EXCEEDED',
      message: expect.stringMatching(/2 of 7 .*sg-1 has 55 of 60/),
    }),
  )
})

test('IPv6 has room of its own, and a rule for a group takes room in both', () => {
  const rules = many(59, 1).map((cidr) => rule({ cidr }))
  const groups = [{ id: 'sg-1', rules }]
  const wanted: Wanted[] = [{ peer: { kind: 'group', group: 'sg-workers' }, purpose: 'workers' }, dts('2400:3200::/48')]
  expect(planAccess(wish({ groups, wanted })).add).toHaveLength(2)
  expect(() => required(wish({ groups, wanted: [...wanted, dts('47.0.0.0/24')] }))).toThrowError(/1 of 3/)
})

test('an instance without a security group is told, not skipped', () => {
  expect(() => required(wish({ groups: [], wanted: [dts('47.0.0.0/24')] }))).toThrowError(/no security group/)
})
