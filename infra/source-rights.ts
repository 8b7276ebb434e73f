import { ArnFormat, Aws, type Stack } from 'aws-cdk-lib'
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { ALLOWED_TAG, EXECUTION_TAG } from '../lambdas/stages/access/tags.ts'
import { accountOf, type Options } from './options.ts'
import { allow } from './statement.ts'

/** What statements about the source need to know. */
export interface SourceScope {
  readonly stack: Stack
  readonly options: Options
  /** The account of the source, where its statements are those of a role there. @default the stack's */
  readonly account?: string
}

/** A rule of a run carries this tag; these roles can make no rule without it, and mark none that has none. */
const IS_OURS = { Null: { [`aws:ResourceTag/${EXECUTION_TAG}`]: 'false' } }
const BECOMES_OURS = { Null: { [`aws:RequestTag/${EXECUTION_TAG}`]: 'false' } }
/** No tags but Sampan's own. */
const OUR_TAGS = { 'ForAllValues:StringLike': { 'aws:TagKeys': ['sampan:*'] } }

/** All that the role in the source's account needs. */
export function sourceStatements({ stack, options }: SourceScope): PolicyStatement[] {
  const scope = { stack, options, account: accountOf(options.sourceRole?.arn ?? '') }
  const statements = [...describing(scope), ...opening(scope), ...closing(scope)]
  return [...new Map(statements.map((statement) => [statement.sid, statement])).values()]
}

/** All that the reading role in the source's account needs. */
export function readerStatements({ stack, options }: SourceScope): PolicyStatement[] {
  const scope = { stack, options, account: accountOf(options.sourceRole?.arn ?? '') }
  return [...readingMetrics(), ...signInByIam(scope)]
}

export function describing(scope: SourceScope): PolicyStatement[] {
  return [describeDatabases(scope)]
}

export function readingMetrics(): PolicyStatement[] {
  return [allow('ReadMetrics', ['cloudwatch:GetMetricData'], ['*'])]
}

export function opening(scope: SourceScope): PolicyStatement[] {
  return [
    describeRules(),
    // The group is the instance's own: named by the options, or tagged by its owner. What is made in it must carry our tag.
    allowThere(scope, 'OpenInGroups', ['ec2:AuthorizeSecurityGroupIngress'], groupArns(scope), isAllowed(scope)),
    allowThere(scope, 'OpenRules', ['ec2:AuthorizeSecurityGroupIngress'], ruleArns(scope), BECOMES_OURS),
    allowThere(scope, 'TagRules', ['ec2:CreateTags'], ruleArns(scope), {
      StringEquals: { 'ec2:CreateAction': 'AuthorizeSecurityGroupIngress' },
      ...BECOMES_OURS,
      ...OUR_TAGS,
    }),
    // A rule of another execution that this one relies on too is marked, so that it stays.
    allowThere(scope, 'MarkRules', ['ec2:CreateTags'], ruleArns(scope), { ...IS_OURS, ...OUR_TAGS }),
    ...(scope.options.temporaryGroups ? makeGroups(scope) : []),
  ]
}

export function closing(scope: SourceScope): PolicyStatement[] {
  return [
    describeRules(),
    // The only resource of this action is the group: no condition on a rule's tags is ever looked at.
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    allowThere(scope, 'CloseInGroups', ['ec2:RevokeSecurityGroupIngress'], groupArns(scope), isAllowed(scope)),
    // A rule that another execution relies on is handed over to it.
    allowThere(scope, 'HandOverRules', ['ec2:CreateTags', 'ec2:DeleteTags'], ruleArns(scope), {
      ...IS_OURS,
      ...OUR_TAGS,
    }),
    ...(scope.options.temporaryGroups ? dropGroups(scope) : []),
  ]
}

const describeRules = () => allow('DescribeRules', ['ec2:DescribeSecurityGroupRules'], ['*'])

/** Groups of a run's own, where those of the instance are full. */
function makeGroups(scope: SourceScope): PolicyStatement[] {
  return [
    describeGroups(),
    allowThere(scope, 'MakeInVpcs', ['ec2:CreateSecurityGroup'], ec2Arns(scope, 'vpc')),
    allowThere(scope, 'MakeGroups', ['ec2:CreateSecurityGroup'], ec2Arns(scope, 'security-group'), BECOMES_OURS),
    allowThere(scope, 'TagGroups', ['ec2:CreateTags'], ec2Arns(scope, 'security-group'), {
      StringEquals: { 'ec2:CreateAction': 'CreateSecurityGroup' },
      ...BECOMES_OURS,
      ...OUR_TAGS,
    }),
    allowThere(
      scope,
      'OpenInOwnGroups',
      ['ec2:AuthorizeSecurityGroupIngress'],
      ec2Arns(scope, 'security-group'),
      IS_OURS,
    ),
    attachGroups(scope),
  ]
}

function dropGroups(scope: SourceScope): PolicyStatement[] {
  return [
    describeGroups(),
    describeDatabases(scope),
    attachGroups(scope),
    allowThere(
      scope,
      'CloseInOwnGroups',
      ['ec2:RevokeSecurityGroupIngress'],
      ec2Arns(scope, 'security-group'),
      IS_OURS,
    ),
    allowThere(scope, 'DropGroups', ['ec2:DeleteSecurityGroup'], ec2Arns(scope, 'security-group'), IS_OURS),
  ]
}

const describeGroups = () => allow('DescribeGroups', ['ec2:DescribeSecurityGroups'], ['*'])

const describeDatabases = (scope: SourceScope) =>
  allowThere(scope, 'DescribeDatabases', ['rds:DescribeDBInstances', 'rds:DescribeDBClusters'], databaseArns(scope))

const attachGroups = (scope: SourceScope) =>
  allowThere(scope, 'AttachGroups', ['rds:ModifyDBInstance', 'rds:ModifyDBCluster'], databaseArns(scope))

function databaseArns(scope: SourceScope): string[] {
  return ['db', 'cluster'].map((resource) =>
    scope.stack.formatArn({
      service: 'rds',
      ...inAccount(scope),
      region: regionOf(scope),
      resource,
      resourceName: '*',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
  )
}

const inAccount = ({ account }: SourceScope) => (account === undefined ? {} : { account })

/** The regions a source may be in; the stack's own always. */
export function inRegions({ options }: SourceScope): readonly string[] {
  return [...new Set([Aws.REGION, ...options.sourceRegions.filter((region) => region !== options.region)])]
}

function groupArns(scope: SourceScope): string[] {
  const groups = scope.options.securityGroups
  return groups.length > 0
    ? groups.flatMap((group) => ec2Arns(scope, 'security-group', group))
    : ec2Arns(scope, 'security-group')
}

/** Groups that no option names carry a tag by which their owner lets a run into them. */
const isAllowed = ({ options }: SourceScope): Record<string, unknown> =>
  options.securityGroups.length > 0 ? {} : { StringEquals: { [`aws:ResourceTag/${ALLOWED_TAG}`]: 'true' } }

const ruleArns = (scope: SourceScope) => ec2Arns(scope, 'security-group-rule')

function ec2Arns(scope: SourceScope, resource: string, resourceName = '*'): string[] {
  return [
    scope.stack.formatArn({ service: 'ec2', ...inAccount(scope), region: regionOf(scope), resource, resourceName }),
  ]
}

/** With several regions one ARN stands for all: an ARN for each would make a policy longer than IAM takes. */
const regionOf = (scope: SourceScope): string => (inRegions(scope).length > 1 ? '*' : Aws.REGION)

/** Allows in the source's regions only, which the ARNs leave open where there are several. */
function allowThere(
  scope: SourceScope,
  sid: string,
  actions: string[],
  resources: string[],
  conditions: Record<string, unknown> = {},
): PolicyStatement {
  const regions = inRegions(scope)
  if (regions.length === 1) return allow(sid, actions, resources, conditions)
  const { StringEquals = {} } = conditions as { readonly StringEquals?: Record<string, unknown> }
  return allow(sid, actions, resources, {
    ...conditions,
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
    StringEquals: { ...StringEquals, 'aws:RequestedRegion': regions },
  })
}

export function signInByIam(scope: SourceScope): PolicyStatement[] {
  const users = scope.options.iamDatabaseUsers
  if (users.length === 0) return []
  const resources = inRegions(scope).flatMap((region) =>
    users.map((user) =>
      scope.stack.formatArn({
        service: 'rds-db',
        ...inAccount(scope),
        region,
        resource: 'dbuser',
        resourceName: `*/${user}`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ),
  )
  return [allow('SignInByIam', ['rds-db:connect'], resources)]
}
