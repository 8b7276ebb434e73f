import type { Filter, IpPermission, SecurityGroupRule } from '@aws-sdk/client-ec2'
import { SampanError } from '../runtime/errors.ts'
import { AwsError, awsCall } from './aws-errors.ts'
import { ec2 } from './ec2-client.ts'
import { type CloudEnvironment, variable } from './environment.ts'

/** Who may come in by a rule: a block of addresses, or members of another security group. */
export type RulePeer =
  | { readonly kind: 'block'; readonly cidr: string }
  | { readonly kind: 'group'; readonly group: string }

/** One inbound TCP rule of a security group. */
export interface IngressRule {
  readonly ruleId: string
  readonly group: string
  /** `tcp`, or `-1` for every protocol. */
  readonly protocol: string
  readonly fromPort: number
  readonly toPort: number
  /** `null`: a prefix list, which no rule of Sampan is. */
  readonly peer: RulePeer | null
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
}

export interface NewRule {
  readonly port: number
  readonly peer: RulePeer
  /** Shown in the console; at most 255 characters. */
  readonly description: string
}

/** What came of one batch. A batch is added whole or not at all. */
export type Authorised =
  | { readonly outcome: 'added'; readonly rules: readonly IngressRule[] }
  /** One of the rules stands already, so EC2 refused them all. */
  | { readonly outcome: 'duplicate' }

/** One region's security groups. */
export interface SecurityGroups {
  /** All inbound rules of the groups. */
  rulesOf(groups: readonly string[]): Promise<readonly IngressRule[]>
  /** All inbound rules that carry the tag, in any group of the region. @param value `*`: whatever its value */
  rulesTagged(key: string, value: string): Promise<readonly IngressRule[]>
  /**
   * Adds the rules as one batch, each with the tags.
   * @throws SampanError `ACCESS_QUOTA_EXCEEDED` or an AWS error
   */
  authorise(group: string, rules: readonly NewRule[], tags: Readonly<Record<string, string>>): Promise<Authorised>
  /** Adds tags to rules; ids that are gone do no harm. */
  tag(ruleIds: readonly string[], tags: Readonly<Record<string, string>>): Promise<void>
  untag(ruleIds: readonly string[], keys: readonly string[]): Promise<void>
  /** Removes rules of one group by their ids; ids that are already gone do no harm. */
  revoke(group: string, ruleIds: readonly string[]): Promise<void>
}

export function securityGroups(environment: CloudEnvironment, region: string, signal?: AbortSignal): SecurityGroups {
  const options = signal ? { abortSignal: signal } : {}
  const owner = variable(environment, 'SAMPAN_WORKER_ACCOUNT') || null

  const list = (filters: Filter[]) =>
    awsCall('list security group rules (ec2:DescribeSecurityGroupRules)', async () => {
      const { client, sdk } = await ec2(environment, region)
      const rules: IngressRule[] = []
      const pages = sdk.paginateDescribeSecurityGroupRules({ client, pageSize: 500 }, { Filters: filters }, options)
      for await (const page of pages) {
        for (const rule of page.SecurityGroupRules ?? []) if (!rule.IsEgress) rules.push(ingressRule(rule))
      }
      return rules
    })

  const revokeAtOnce = (group: string, ruleIds: readonly string[]) =>
    awsCall(`revoke rules of ${group} (ec2:RevokeSecurityGroupIngress)`, async () => {
      const { client, sdk } = await ec2(environment, region)
      const command = new sdk.RevokeSecurityGroupIngressCommand({ GroupId: group, SecurityGroupRuleIds: [...ruleIds] })
      return client.send(command, options)
    })

  return {
    // 200 values are the most a filter takes; an instance has five groups at most.
    rulesOf: (groups) => list([{ Name: 'group-id', Values: [...groups] }]),

    // `tag-key` is no filter of this call: its filters are group-id, security-group-rule-id and tag:<key>.
    // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroupRules.html
    rulesTagged: (key, value) => list([{ Name: `tag:${key}`, Values: [value] }]),

    async authorise(group, rules, tags) {
      const { client, sdk } = await ec2(environment, region)
      const command = new sdk.AuthorizeSecurityGroupIngressCommand({
        GroupId: group,
        IpPermissions: rules.map((rule) => permission(rule, owner)),
        TagSpecifications: [
          {
            ResourceType: 'security-group-rule',
            Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
          },
        ],
      })
      try {
        const answer = await awsCall(`add rules to ${group} (ec2:AuthorizeSecurityGroupIngress, ec2:CreateTags)`, () =>
          client.send(command, options),
        )
        return { outcome: 'added', rules: (answer.SecurityGroupRules ?? []).map(ingressRule) }
      } catch (error) {
        if (error instanceof AwsError && error.awsCode === 'InvalidPermission.Duplicate')
          return { outcome: 'duplicate' }
        if (error instanceof AwsError && error.awsCode === 'RulesPerSecurityGroupLimitExceeded')
          throw full(group, error)
        if (error instanceof AwsError && error.awsCode === 'UnauthorizedOperation')
          throw notAllowed(group, region, error)
        const peer = rules.find((rule) => rule.peer.kind === 'group')?.peer
        if (error instanceof AwsError && error.awsCode === 'InvalidGroup.NotFound' && peer?.kind === 'group')
          throw notPeered(group, peer.group, error)
        throw error
      }
    },

    async tag(ruleIds, tags) {
      const { client, sdk } = await ec2(environment, region)
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
      for (const id of ruleIds) {
        await awsCall(`tag the rule ${id} (ec2:CreateTags)`, () =>
          client.send(new sdk.CreateTagsCommand({ Resources: [id], Tags }), options),
        ).catch(ignoreGone)
      }
    },

    async untag(ruleIds, keys) {
      const { client, sdk } = await ec2(environment, region)
      const Tags = keys.map((Key) => ({ Key }))
      for (const id of ruleIds) {
        await awsCall(`untag the rule ${id} (ec2:DeleteTags)`, () =>
          client.send(new sdk.DeleteTagsCommand({ Resources: [id], Tags }), options),
        ).catch(ignoreGone)
      }
    },

    async revoke(group, ruleIds) {
      if (ruleIds.length === 0) return
      try {
        await revokeAtOnce(group, ruleIds)
      } catch (error) {
        if (!isGone(error)) throw error
        // One id that is gone fails them all: the rest is removed one by one, and a second miss is nobody's fault.
        if (ruleIds.length > 1) for (const id of ruleIds) await revokeAtOnce(group, [id]).catch(ignoreGone)
      }
    },
  }
}

function isGone(error: unknown): boolean {
  return error instanceof AwsError && /^Invalid(SecurityGroupRuleId|Group|Permission)\.NotFound$/.test(error.awsCode)
}

function ignoreGone(error: unknown): void {
  if (!isGone(error)) throw error
}

function full(group: string, cause: unknown): SampanError {
  return new SampanError({
    code: 'ACCESS_QUOTA_EXCEEDED',
    message: `the security group ${group} has no room for more inbound rules`,
    remedy:
      'remove rules from it, raise the quota "Inbound or outbound rules per security group", or set access.dtsCidrs to "none"',
    cause,
  })
}

/** Or one of the two is gone. */
function notPeered(group: string, peer: string, cause: AwsError): SampanError {
  return new SampanError({
    code: 'ACCESS_GROUP_OF_ANOTHER_NETWORK',
    message: `no rule of ${group} can let in ${peer}: they are in VPCs that are not joined (${cause.message})`,
    remedy:
      'join the two VPCs by a peering in one region (network.peers makes it), deploy the workers into the VPC of the source, or set network.sourceBy to "addresses"',
    cause,
  })
}

function notAllowed(group: string, region: string, cause: AwsError): SampanError {
  return new SampanError({
    code: 'ACCESS_GROUP_NOT_ALLOWED',
    message: `no rule may be added to the security group ${group} (ec2:AuthorizeSecurityGroupIngress)`,
    remedy: `let the stack into it: aws ec2 create-tags --region ${region} --resources ${group} --tags Key=sampan:allowed,Value=true; or name it in the option securityGroups and deploy again; on one machine, allow the action to your own credentials`,
    cause,
  })
}

/** @param owner the account of the workers' group, where the source's is another one: EC2 knows a group of a peer by both */
function permission({ port, peer, description }: NewRule, owner: string | null): IpPermission {
  const Description = description.slice(0, 255)
  const base = { IpProtocol: 'tcp', FromPort: port, ToPort: port }
  const pair = { GroupId: peer.kind === 'group' ? peer.group : '', Description, ...(owner ? { UserId: owner } : {}) }
  if (peer.kind === 'group') return { ...base, UserIdGroupPairs: [pair] }
  if (peer.cidr.includes(':')) return { ...base, Ipv6Ranges: [{ CidrIpv6: peer.cidr, Description }] }
  return { ...base, IpRanges: [{ CidrIp: peer.cidr, Description }] }
}

function ingressRule(rule: SecurityGroupRule): IngressRule {
  const cidr = rule.CidrIpv4 ?? rule.CidrIpv6
  const group = rule.ReferencedGroupInfo?.GroupId
  return {
    ruleId: rule.SecurityGroupRuleId ?? '',
    group: rule.GroupId ?? '',
    protocol: rule.IpProtocol ?? '',
    fromPort: rule.FromPort ?? -1,
    toPort: rule.ToPort ?? -1,
    peer: cidr ? { kind: 'block', cidr } : group ? { kind: 'group', group } : null,
    description: rule.Description ?? '',
    tags: Object.fromEntries((rule.Tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? ''])),
  }
}
