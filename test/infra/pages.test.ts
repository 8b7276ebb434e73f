import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { costsPage } from '../../infra/costs-page.ts'
import { compare, type MadePage } from '../../infra/made-page.ts'
import { optionsSchema } from '../../infra/options.ts'
import { permissionsPage } from '../../infra/permissions-page.ts'
import { whoPage } from '../../infra/who-page.ts'
import { synthesise } from './stack.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** The formatter lines columns up. */
const plain = (page: string) => page.replace(/ +/g, ' ').replace(/-{3,}/g, '---')

describe('a page that is made in part', () => {
  it.each([costsPage, permissionsPage, whoPage])('docs/$page is what would be made now', (page: MadePage) => {
    const { now, made } = compare(page)
    expect(plain(now)).toBe(plain(made))
    expect(plain(now)).toContain(plain(page.make()))
  })
})

describe('docs/permissions.md', () => {
  const policies = [...read('docs/permissions.md').matchAll(/```json\n([\s\S]*?)\n```/g)].map(
    ([, text]) => JSON.parse(text ?? '') as { readonly Version: string; readonly Statement: readonly Statement[] },
  )
  interface Statement {
    readonly Action: string | readonly string[]
  }

  it('has policies that can be pasted', () => {
    expect(policies).toHaveLength(6)
    for (const { Statement } of policies) expect(Statement.length).toBeGreaterThan(0)
  })

  it('allows the Alibaba Cloud key exactly the actions that are called', () => {
    const called = readdirSync(new URL('../../lambdas/core/cloud', import.meta.url)).flatMap((file) => {
      const product = file.startsWith('dts') ? 'dts' : 'rds'
      const asked = read(`lambdas/core/cloud/${file}`).matchAll(/\bask\(\s*'([A-Z]\w+)'/g)
      return [...asked].map(([, name]) => `${product}:${name}`)
    })
    const ram = policies.find(({ Version }) => Version === '1')
    const allowed = ram?.Statement.flatMap(({ Action }) => Action) ?? []
    expect([...allowed].sort()).toEqual([...new Set(called)].sort())
  })

  it('lets CloudFormation make every kind of resource the stack has', () => {
    const services = Object.values(synthesise().toJSON().Resources as Record<string, { Type: string }>).map(
      ({ Type }) => (Type.split('::')[1] ?? '').toLowerCase().replace('stepfunctions', 'states'),
    )
    const deploying = policies[1]?.Statement.flatMap(({ Action }) => Action) ?? []
    const missing = [...new Set(services)].filter((service) => !deploying.some((one) => one.startsWith(`${service}:`)))
    expect(missing).toEqual([])
  })
})

describe('the policy of who deploys', () => {
  const text = [...read('docs/permissions.md').matchAll(/```json\n([\s\S]*?)\n```/g)][1]?.[1] ?? ''
  const { Statement } = JSON.parse(text) as { readonly Statement: readonly { Action: string | string[] }[] }
  const allowed = new Set(Statement.flatMap(({ Action }) => Action))
  const isAllowed = (action: string) => allowed.has(action) || allowed.has(action.replace(/:.*/, ':*'))
  const { types, unused } = JSON.parse(read('test/infra/handler-permissions.json')) as {
    readonly types: Readonly<Record<string, readonly string[]>>
    readonly unused: readonly string[]
  }
  const template = synthesise({
    network: { create: true, peers: [{ vpcId: 'vpc-0a', cidr: '10.0.0.0/16', routeTableIds: ['rtb-0a'] }] },
  }).toJSON()
  const made = new Set(Object.values(template.Resources as Record<string, { Type: string }>).map(({ Type }) => Type))

  it('has what CloudFormation calls for every kind of resource that it tells action by action', () => {
    const told = [...made].filter((type) => /^AWS::(EC2|IAM|Events::EventBus|StepFunctions)/.test(type))
    expect(told.length).toBeGreaterThan(12)
    expect(told.filter((type) => types[type] === undefined)).toEqual([])
    const called = [...new Set(told.flatMap((type) => types[type] ?? []))].filter((action) => !unused.includes(action))
    expect(called.filter((action) => !isAllowed(action))).toEqual([])
  })

  it('has what Fn::GetAZs asks for, the bus, and the rules on it and on the default one', () => {
    expect(JSON.stringify(template)).toContain('Fn::GetAZs')
    expect(['ec2:DescribeAvailabilityZones', 'ec2:DescribeAccountAttributes'].filter((one) => !isAllowed(one))).toEqual(
      [],
    )
    for (const name of ['event-bus/Sampan"', 'rule/Sampan/*"', 'rule/Sampan-*"', 'dashboard/Sampan-us-east-1"'])
      expect(text).toContain(name)
  })
})

describe('docs/deploy.md', () => {
  it('tells every option, and no other', () => {
    const told = [...read('docs/deploy.md').matchAll(/^\| ((?:`\w+`(?:, )?)+)/gm)].flatMap(([, cell]) =>
      [...(cell ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
    )
    expect(told.sort()).toEqual(Object.keys(optionsSchema.shape).sort())
  })
})

describe('the pages of the deployment', () => {
  it.each(['deploy', 'permissions', 'network', 'costs', 'security', 'clean-up', 'who-can-do-what'])(
    'docs/%s.md links to what there is',
    (name) => {
      const links = [...read(`docs/${name}.md`).matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, to]) => to ?? '')
      for (const link of links) expect(existsSync(new URL(`../../docs/${link}`, import.meta.url)), link).toBe(true)
    },
  )
})
