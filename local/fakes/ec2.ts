import { answerVpc, type FakeVpc, VPC_ACTIONS } from './vpc.ts'
import { listOf, type Tree, textOf, treeOf, xml } from './xml.ts'

export interface FakeRule {
  readonly id: string
  readonly protocol: string
  readonly fromPort: number
  readonly toPort: number
  readonly cidrIpv4?: string
  readonly cidrIpv6?: string
  readonly referencedGroup?: string
  /** The greatest number of entries of the prefix list that the rule is for: each counts as a rule. */
  readonly prefixListEntries?: number
  readonly description?: string
  readonly tags: Readonly<Record<string, string>>
}

export interface FakeSecurityGroup {
  readonly id: string
  readonly region: string
  readonly vpcId: string
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  rules: FakeRule[]
}

export interface FakeEc2 {
  readonly groups: Map<string, FakeSecurityGroup>
  readonly vpcs: Map<string, FakeVpc>
  /** Inbound IPv4 rules per group, and as many IPv6 rules. */
  quota: number
  /** Rules in one page of an answer. */
  pageSize: number
  /** That many descriptions still show the rules from before the last change, as EC2 may. */
  staleDescriptions: number
  /** The rules before the last change. */
  before: ReadonlyMap<string, readonly FakeRule[]>
  /** Whether something has the group attached. */
  inUse: (group: string) => boolean
  /** Whether two VPCs are joined by a peering. */
  peered: (one: string, other: string) => boolean
}

export function makeEc2(): FakeEc2 {
  return {
    groups: new Map(),
    vpcs: new Map(),
    quota: 60,
    pageSize: 1000,
    staleDescriptions: 0,
    before: new Map(),
    inUse: () => false,
    peered: () => false,
  }
}

/** An error of the EC2 API. */
export class Ec2Refusal extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Adds a group with rules that stand before anything is opened; returns it. */
export function addSecurityGroup(
  ec2: FakeEc2,
  id: string,
  rules: readonly Partial<FakeRule>[] = [],
  region = 'us-east-1',
  vpcId = 'vpc-0fake0000000000',
) {
  const group: FakeSecurityGroup = {
    id,
    region,
    vpcId,
    name: id,
    tags: {},
    rules: rules.map((rule) => ({
      id: nextRuleId(),
      protocol: 'tcp',
      fromPort: 5432,
      toPort: 5432,
      tags: {},
      ...rule,
    })),
  }
  ec2.groups.set(id, group)
  return group
}

/** Carries out one action; returns the inside of the XML answer. */
export function answerEc2(ec2: FakeEc2, action: string, input: Tree, region: string): string {
  switch (action) {
    case 'AuthorizeSecurityGroupIngress':
      return authorize(ec2, input, region)
    case 'RevokeSecurityGroupIngress':
      return revoke(ec2, input, region)
    case 'DescribeSecurityGroupRules':
      return describeRules(ec2, input, region)
    case 'CreateTags':
    case 'DeleteTags':
      return changeTags(ec2, action, input)
    case 'CreateSecurityGroup':
      return createGroup(ec2, input, region)
    case 'DeleteSecurityGroup':
      return deleteGroup(ec2, input, region)
    case 'DescribeSecurityGroups':
      return describeGroups(ec2, input, region)
    default:
      if (VPC_ACTIONS.includes(action)) return answerVpc(ec2.vpcs, action, input, region)
      throw new Ec2Refusal('InvalidAction', `The action ${action} is not valid for this web service.`)
  }
}

let ruleNumber = 0
const nextRuleId = () => `sgr-0${(++ruleNumber).toString(16).padStart(16, '0')}`

function groupOf(ec2: FakeEc2, input: Tree, region: string): FakeSecurityGroup {
  const id = textOf(input, 'GroupId') ?? ''
  const group = ec2.groups.get(id)
  if (group?.region === region) return group
  throw new Ec2Refusal('InvalidGroup.NotFound', `The security group '${id}' does not exist`)
}

function change(ec2: FakeEc2, group: FakeSecurityGroup, rules: FakeRule[]): void {
  ec2.before = new Map([...ec2.groups].map(([id, each]) => [id, each.rules]))
  group.rules = rules
}

function authorize(ec2: FakeEc2, input: Tree, region: string): string {
  const group = groupOf(ec2, input, region)
  const tags = Object.fromEntries(
    listOf(treeOf(input, 'TagSpecification'))
      .flatMap((specification) => listOf(treeOf(specification, 'Tag')))
      .map((tag) => [textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? '']),
  )
  const added = listOf(treeOf(input, 'IpPermissions')).flatMap((permission) => rulesOf(permission, tags))
  if (added.length === 0) throw new Ec2Refusal('MissingParameter', 'no permission is given')
  for (const { referencedGroup: other } of added) {
    if (other === undefined) continue
    const found = ec2.groups.get(other)
    // A group's id means something in its own region only.
    if (found?.region !== region)
      throw new Ec2Refusal('InvalidGroup.NotFound', `The security group '${other}' does not exist`)
    if (found.vpcId !== group.vpcId && !ec2.peered(found.vpcId, group.vpcId))
      throw new Ec2Refusal(
        'InvalidGroup.NotFound',
        'You have specified two resources that belong to different networks.',
      )
  }
  for (const [index, rule] of added.entries()) {
    const rest = [...group.rules, ...added.slice(0, index)]
    if (rest.some((other) => peer(other) === peer(rule))) {
      throw new Ec2Refusal(
        'InvalidPermission.Duplicate',
        `the specified rule "peer: ${peer(rule)}, ALLOW" already exists`,
      )
    }
  }
  const all = [...group.rules, ...added]
  const v6 = all.filter((rule) => rule.cidrIpv6 !== undefined).length
  const entries = all.reduce((sum, rule) => sum + Math.max(0, (rule.prefixListEntries ?? 1) - 1), 0)
  if (v6 > ec2.quota || all.length - v6 + entries > ec2.quota) {
    throw new Ec2Refusal(
      'RulesPerSecurityGroupLimitExceeded',
      'The maximum number of rules per security group has been reached.',
    )
  }
  change(ec2, group, all)
  return xml({ return: true, securityGroupRuleSet: added.map((rule) => ruleXml(group, rule)) })
}

function rulesOf(permission: string | Tree, tags: Readonly<Record<string, string>>): FakeRule[] {
  const base = () => ({
    id: nextRuleId(),
    protocol: textOf(permission, 'IpProtocol') ?? '',
    fromPort: Number(textOf(permission, 'FromPort')),
    toPort: Number(textOf(permission, 'ToPort')),
    tags,
  })
  const description = (node: string | Tree) => {
    const text = textOf(node, 'Description')
    return text === undefined ? {} : { description: text }
  }
  return [
    ...listOf(treeOf(permission, 'IpRanges')).map((range) => ({
      ...base(),
      cidrIpv4: canonical(textOf(range, 'CidrIp') ?? ''),
      ...description(range),
    })),
    ...listOf(treeOf(permission, 'Ipv6Ranges')).map((range) => ({
      ...base(),
      cidrIpv6: textOf(range, 'CidrIpv6') ?? '',
      ...description(range),
    })),
    ...listOf(treeOf(permission, 'Groups')).map((range) => ({
      ...base(),
      referencedGroup: textOf(range, 'GroupId') ?? '',
      ...description(range),
    })),
  ]
}

/** EC2 clears the host bits of a block. */
function canonical(cidr: string): string {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr)
  if (!match) throw new Ec2Refusal('InvalidParameterValue', `CIDR block ${cidr} is malformed`)
  const [a = 0, b = 0, c = 0, d = 0, length = 32] = match.slice(1).map(Number)
  const address = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
  const kept = length === 0 ? 0 : (address & (0xffffffff << (32 - length))) >>> 0
  return `${[24, 16, 8, 0].map((shift) => (kept >>> shift) & 255).join('.')}/${length}`
}

function peer(rule: FakeRule): string {
  return [rule.protocol, rule.fromPort, rule.toPort, rule.cidrIpv4 ?? rule.cidrIpv6 ?? rule.referencedGroup].join(' ')
}

function revoke(ec2: FakeEc2, input: Tree, region: string): string {
  const group = groupOf(ec2, input, region)
  const ids = listOf(treeOf(input, 'SecurityGroupRuleId')).map(String)
  const gone = ids.find((id) => !group.rules.some((rule) => rule.id === id))
  if (gone)
    throw new Ec2Refusal('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${gone}' does not exist`)
  const revoked = group.rules.filter((rule) => ids.includes(rule.id))
  change(
    ec2,
    group,
    group.rules.filter((rule) => !ids.includes(rule.id)),
  )
  return xml({ return: true, revokedSecurityGroupRuleSet: revoked.map((rule) => ruleXml(group, rule)) })
}

function describeRules(ec2: FakeEc2, input: Tree, region: string): string {
  const stale = ec2.staleDescriptions > 0
  if (stale) ec2.staleDescriptions -= 1
  const filters = listOf(treeOf(input, 'Filter')).map((filter) => ({
    name: textOf(filter, 'Name') ?? '',
    values: listOf(treeOf(filter, 'Value')).map(String),
  }))
  const ids = listOf(treeOf(input, 'SecurityGroupRuleId')).map(String)
  const all = [...ec2.groups.values()]
    .filter((group) => group.region === region)
    .flatMap((group) =>
      ((stale ? ec2.before.get(group.id) : undefined) ?? group.rules).map((rule) => ({ group, rule })),
    )
    .filter(({ rule }) => ids.length === 0 || ids.includes(rule.id))
    .filter(({ group, rule }) => filters.every((filter) => passes(group, rule, filter.name, filter.values)))
  const start = Number(textOf(input, 'NextToken') ?? 0)
  const size = Math.min(ec2.pageSize, Number(textOf(input, 'MaxResults') ?? 1000))
  const next = start + size < all.length ? String(start + size) : undefined
  const page = all.slice(start, start + size).map(({ group, rule }) => ruleXml(group, rule))
  return xml({ securityGroupRuleSet: page, nextToken: next })
}

function passes(group: FakeSecurityGroup, rule: FakeRule, name: string, values: readonly string[]): boolean {
  if (name === 'group-id') return values.includes(group.id)
  if (name === 'security-group-rule-id') return values.includes(rule.id)
  // No `tag-key`: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroupRules.html
  if (name.startsWith('tag:')) {
    const value = rule.tags[name.slice('tag:'.length)]
    return value !== undefined && values.some((pattern) => matches(pattern, value))
  }
  throw new Ec2Refusal('InvalidParameterValue', `The filter '${name}' is invalid`)
}

/** In the values of a filter `*` stands for any characters, `?` for one. */
function matches(pattern: string, value: string): boolean {
  const literal = (text: string) => text.replace(/[\\^$.|+()[\]{}]/g, '\\$&')
  const parts = pattern.split(/([*?])/).map((part) => (part === '*' ? '.*' : part === '?' ? '.' : literal(part)))
  return new RegExp(`^${parts.join('')}$`, 's').test(value)
}

function changeTags(ec2: FakeEc2, action: string, input: Tree): string {
  const keys = listOf(treeOf(input, 'Tag')).map(
    (tag) => [textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? ''] as const,
  )
  for (const id of listOf(treeOf(input, 'ResourceId')).map(String)) {
    const group = [...ec2.groups.values()].find((one) => one.rules.some((rule) => rule.id === id))
    if (!group)
      throw new Ec2Refusal('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${id}' does not exist`)
    const change = (tags: Readonly<Record<string, string>>) =>
      action === 'CreateTags'
        ? { ...tags, ...Object.fromEntries(keys) }
        : Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.some(([gone]) => gone === key)))
    group.rules = group.rules.map((rule) => (rule.id === id ? { ...rule, tags: change(rule.tags) } : rule))
  }
  return xml({ return: true })
}

function createGroup(ec2: FakeEc2, input: Tree, region: string): string {
  const name = textOf(input, 'GroupName') ?? ''
  if ([...ec2.groups.values()].some((group) => group.name === name)) {
    throw new Ec2Refusal('InvalidGroup.Duplicate', `The security group '${name}' already exists for VPC`)
  }
  const tags = listOf(treeOf(input, 'TagSpecification')).flatMap((one) => listOf(treeOf(one, 'Tag')))
  const id = `sg-0${(++ruleNumber).toString(16).padStart(16, '0')}`
  ec2.groups.set(id, {
    id,
    name,
    region,
    vpcId: textOf(input, 'VpcId') ?? '',
    tags: Object.fromEntries(tags.map((tag) => [textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? ''])),
    rules: [],
  })
  return xml({ return: true, groupId: id })
}

function deleteGroup(ec2: FakeEc2, input: Tree, region: string): string {
  const { id } = groupOf(ec2, input, region)
  if (ec2.inUse(id)) throw new Ec2Refusal('DependencyViolation', `resource ${id} has a dependent object`)
  ec2.groups.delete(id)
  return xml({ return: true })
}

function describeGroups(ec2: FakeEc2, input: Tree, region: string): string {
  const filters = listOf(treeOf(input, 'Filter'))
  const found = [...ec2.groups.values()].filter(
    (group) =>
      group.region === region &&
      filters.every((filter) => {
        const name = textOf(filter, 'Name') ?? ''
        const values = listOf(treeOf(filter, 'Value')).map(String)
        if (name === 'tag-key') return values.some((key) => key in group.tags)
        return values.includes(group.tags[name.replace(/^tag:/, '')] ?? '\0')
      }),
  )
  const groups = found.map((group) => ({
    groupId: group.id,
    groupName: group.name,
    vpcId: group.vpcId,
    tagSet: Object.entries(group.tags).map(([key, value]) => ({ key, value })),
  }))
  return xml({ securityGroupInfo: groups })
}

function ruleXml(group: FakeSecurityGroup, rule: FakeRule) {
  return {
    securityGroupRuleId: rule.id,
    groupId: group.id,
    groupOwnerId: '111122223333',
    isEgress: false,
    ipProtocol: rule.protocol,
    fromPort: rule.fromPort,
    toPort: rule.toPort,
    cidrIpv4: rule.cidrIpv4,
    cidrIpv6: rule.cidrIpv6,
    referencedGroupInfo: rule.referencedGroup ? { groupId: rule.referencedGroup } : undefined,
    description: rule.description,
    tagSet: Object.entries(rule.tags).map(([key, value]) => ({ key, value })),
  }
}
