import { ArnFormat, Aws, type Stack } from 'aws-cdk-lib'
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { ALLOWED_TAG, EXECUTION_TAG } from '../lambdas/access/tags.ts'
import type { Options } from './options.ts'

/** What a function may be allowed, beyond writing its log. */
export type Right =
  | 'keepDocuments'
  | 'listOpenRuns'
  | 'readDatabaseSecrets'
  | 'readAlibabaSecret'
  | 'describeDatabases'
  | 'openRules'
  | 'closeRules'
  | 'readExecutions'
  | 'readMetrics'
  | 'readQuotas'

/** What the statements are about. */
export interface RightsScope {
  readonly stack: Stack
  readonly options: Options
  readonly functionName: string
  readonly logGroupArn: string
  readonly bucketArn: string
  readonly stateMachineName: string
  readonly inVpc: boolean
  /** The customer key, where there is one. */
  readonly keyArn: string | undefined
  /** Where calls go that failed for good; only for functions that nobody waits for. */
  readonly deadLetterArn: string | undefined
}

/** A rule of a run carries this tag; these roles can make no rule without it, and mark none that has none. */
const IS_OURS = { Null: { [`aws:ResourceTag/${EXECUTION_TAG}`]: 'false' } }
const BECOMES_OURS = { Null: { [`aws:RequestTag/${EXECUTION_TAG}`]: 'false' } }
/** No tags but Sampan's own. */
const OUR_TAGS = { 'ForAllValues:StringLike': { 'aws:TagKeys': ['sampan:*'] } }

const allow = (sid: string, actions: string[], resources: string[], conditions: Record<string, unknown> = {}) =>
  new PolicyStatement({ sid, actions, resources, conditions })

const deny = (sid: string, actions: string[], resources: string[], conditions: Record<string, unknown>) =>
  new PolicyStatement({ sid, effect: Effect.DENY, actions, resources, conditions })

/** Every statement of one function's role. */
export function statementsFor(scope: RightsScope, rights: readonly Right[]): PolicyStatement[] {
  const statements = [...always(scope), ...rights.flatMap((right) => RIGHTS[right](scope))]
  // Two rights may need the same statement, and a policy takes an id once.
  return [...new Map(statements.map((statement) => [statement.sid, statement])).values()]
}

function always(scope: RightsScope): PolicyStatement[] {
  const { logGroupArn, keyArn, deadLetterArn } = scope
  return [
    allow('WriteLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], [`${logGroupArn}:log-stream:*`]),
    allow('Trace', ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']),
    ...(scope.inVpc ? joinVpc(scope) : []),
    ...(deadLetterArn ? [allow('KeepLostCalls', ['sqs:SendMessage'], [deadLetterArn])] : []),
    ...(keyArn ? [allow('UseKey', ['kms:Decrypt', 'kms:GenerateDataKey'], [keyArn])] : []),
  ]
}

/**
 * Lambda puts a function into a VPC with the function's own rights; without the second statement its code could use them.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 */
function joinVpc({ stack, functionName }: RightsScope): PolicyStatement[] {
  const actions = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ]
  const itself = stack.formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: functionName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
  return [
    allow('JoinVpc', actions, ['*']),
    deny('NotByItsCode', actions, ['*'], { ArnEquals: { 'lambda:SourceFunctionArn': itself } }),
  ]
}

const RIGHTS: Readonly<Record<Right, (scope: RightsScope) => PolicyStatement[]>> = {
  keepDocuments: ({ bucketArn }) => [
    allow('KeepDocuments', ['s3:GetObject', 's3:PutObject'], [`${bucketArn}/runs/*`]),
    // Without it S3 answers 403 instead of 404 for a document that is not there yet.
    allow('ListDocuments', ['s3:ListBucket'], [bucketArn], { StringLike: { 's3:prefix': 'runs/*' } }),
  ],

  listOpenRuns: ({ bucketArn }) => [
    allow('ListOpenRuns', ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], [`${bucketArn}/open/*`]),
    allow('FindOpenRuns', ['s3:ListBucket'], [bucketArn], { StringLike: { 's3:prefix': 'open/*' } }),
  ],

  readDatabaseSecrets: (scope) => [
    allow('ReadDatabaseSecrets', ['secretsmanager:GetSecretValue'], secretArns(scope, scope.options.secrets)),
    ...decryptSecrets(scope),
    ...signInByIam(scope),
  ],

  readAlibabaSecret: (scope) => {
    const name = scope.options.alibabaSecret
    if (name === null) return []
    const secret = secretArns(scope, [name], [Aws.REGION])
    return [allow('ReadAlibabaSecret', ['secretsmanager:GetSecretValue'], secret), ...decryptSecrets(scope)]
  },

  describeDatabases: (scope) => [describeDatabases(scope)],

  openRules: (scope) => [
    describeRules(),
    // The group is the instance's own: named by the options, or tagged by its owner. What is made in it must carry our tag.
    allow('OpenInGroups', ['ec2:AuthorizeSecurityGroupIngress'], groupArns(scope), isAllowed(scope)),
    allow('OpenRules', ['ec2:AuthorizeSecurityGroupIngress'], ruleArns(scope), BECOMES_OURS),
    allow('TagRules', ['ec2:CreateTags'], ruleArns(scope), {
      StringEquals: { 'ec2:CreateAction': 'AuthorizeSecurityGroupIngress' },
      ...BECOMES_OURS,
      ...OUR_TAGS,
    }),
    // A rule of another execution that this one relies on too is marked, so that it stays.
    allow('MarkRules', ['ec2:CreateTags'], ruleArns(scope), { ...IS_OURS, ...OUR_TAGS }),
    ...(scope.options.temporaryGroups ? makeGroups(scope) : []),
  ],

  closeRules: (scope) => [
    describeRules(),
    // The only resource of this action is the group: no condition on a rule's tags is ever looked at.
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    allow('CloseInGroups', ['ec2:RevokeSecurityGroupIngress'], groupArns(scope), isAllowed(scope)),
    // A rule that another execution relies on is handed over to it.
    allow('HandOverRules', ['ec2:CreateTags', 'ec2:DeleteTags'], ruleArns(scope), { ...IS_OURS, ...OUR_TAGS }),
    ...(scope.options.temporaryGroups ? dropGroups(scope) : []),
  ],

  readQuotas: () => [allow('ReadQuotas', ['lambda:GetAccountSettings'], ['*'])],

  readMetrics: () => [allow('ReadMetrics', ['cloudwatch:GetMetricData'], ['*'])],

  readExecutions: ({ stack, stateMachineName }) => [
    allow(
      'ReadExecutions',
      ['states:DescribeExecution'],
      [
        stack.formatArn({
          service: 'states',
          resource: 'execution',
          resourceName: `${stateMachineName}:*`,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
    ),
  ],
}

const describeRules = () => allow('DescribeRules', ['ec2:DescribeSecurityGroupRules'], ['*'])

/** Groups of a run's own, where those of the instance are full. */
function makeGroups(scope: RightsScope): PolicyStatement[] {
  return [
    describeGroups(),
    allow('MakeInVpcs', ['ec2:CreateSecurityGroup'], ec2Arns(scope, 'vpc')),
    allow('MakeGroups', ['ec2:CreateSecurityGroup'], ec2Arns(scope, 'security-group'), BECOMES_OURS),
    allow('TagGroups', ['ec2:CreateTags'], ec2Arns(scope, 'security-group'), {
      StringEquals: { 'ec2:CreateAction': 'CreateSecurityGroup' },
      ...BECOMES_OURS,
      ...OUR_TAGS,
    }),
    allow('OpenInOwnGroups', ['ec2:AuthorizeSecurityGroupIngress'], ec2Arns(scope, 'security-group'), IS_OURS),
    attachGroups(scope),
  ]
}

function dropGroups(scope: RightsScope): PolicyStatement[] {
  return [
    describeGroups(),
    describeDatabases(scope),
    attachGroups(scope),
    allow('CloseInOwnGroups', ['ec2:RevokeSecurityGroupIngress'], ec2Arns(scope, 'security-group'), IS_OURS),
    allow('DropGroups', ['ec2:DeleteSecurityGroup'], ec2Arns(scope, 'security-group'), IS_OURS),
  ]
}

const describeGroups = () => allow('DescribeGroups', ['ec2:DescribeSecurityGroups'], ['*'])

const describeDatabases = (scope: RightsScope) =>
  allow('DescribeDatabases', ['rds:DescribeDBInstances', 'rds:DescribeDBClusters'], databaseArns(scope))

const attachGroups = (scope: RightsScope) =>
  allow('AttachGroups', ['rds:ModifyDBInstance', 'rds:ModifyDBCluster'], databaseArns(scope))

function databaseArns(scope: RightsScope): string[] {
  return inRegions(scope).flatMap((region) =>
    ['db', 'cluster'].map((resource) =>
      scope.stack.formatArn({
        service: 'rds',
        region,
        resource,
        resourceName: '*',
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ),
  )
}

/** The regions a source may be in; the stack's own always. */
function inRegions({ options }: RightsScope): readonly string[] {
  return [...new Set([Aws.REGION, ...options.sourceRegions.filter((region) => region !== options.region)])]
}

function groupArns(scope: RightsScope): string[] {
  const groups = scope.options.securityGroups
  return groups.length > 0
    ? groups.flatMap((group) => ec2Arns(scope, 'security-group', group))
    : ec2Arns(scope, 'security-group')
}

/** Groups that no option names carry a tag by which their owner lets a run into them. */
const isAllowed = ({ options }: RightsScope): Record<string, unknown> =>
  options.securityGroups.length > 0 ? {} : { StringEquals: { [`aws:ResourceTag/${ALLOWED_TAG}`]: 'true' } }

const ruleArns = (scope: RightsScope) => ec2Arns(scope, 'security-group-rule')

function ec2Arns(scope: RightsScope, resource: string, resourceName = '*'): string[] {
  return inRegions(scope).map((region) => scope.stack.formatArn({ service: 'ec2', region, resource, resourceName }))
}

/** A secret's ARN ends in a dash and six characters that Secrets Manager chooses. */
function secretArns(scope: RightsScope, names: readonly string[], regions = inRegions(scope)): string[] {
  return regions.flatMap((region) =>
    names.map((name) =>
      scope.stack.formatArn({
        service: 'secretsmanager',
        region,
        resource: 'secret',
        resourceName: name.endsWith('*') ? name : `${name}-??????`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ),
  )
}

function decryptSecrets({ options }: RightsScope): PolicyStatement[] {
  if (options.secretKeys.length === 0) return []
  return [
    allow('DecryptSecrets', ['kms:Decrypt'], options.secretKeys, {
      StringLike: { 'kms:ViaService': `secretsmanager.*.${Aws.URL_SUFFIX}` },
    }),
  ]
}

function signInByIam(scope: RightsScope): PolicyStatement[] {
  const users = scope.options.iamDatabaseUsers
  if (users.length === 0) return []
  const resources = inRegions(scope).flatMap((region) =>
    users.map((user) =>
      scope.stack.formatArn({
        service: 'rds-db',
        region,
        resource: 'dbuser',
        resourceName: `*/${user}`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ),
  )
  return [allow('SignInByIam', ['rds-db:connect'], resources)]
}
