import { ArnFormat, Aws } from 'aws-cdk-lib'
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { SIGNING_ALGORITHM, TOKEN_SECONDS } from '../lambdas/core/cloud/identity-token.ts'
import type { Options } from './options.ts'
import {
  closing,
  describing,
  inRegions,
  opening,
  readingMetrics,
  type SourceScope,
  signInByIam,
} from './source-rights.ts'
import { allow, deny } from './statement.ts'

/** What a function may be allowed, beyond writing its log. */
export type Right =
  | 'keepDocuments'
  | 'listOpenRuns'
  | 'readDatabaseSecrets'
  | 'callAlibaba'
  | 'describeDatabases'
  | 'openRules'
  | 'closeRules'
  | 'readExecutions'
  | 'readMetrics'
  | 'readQuotas'

/** What the statements are about. */
export interface RightsScope extends SourceScope {
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
  keepDocuments: ({ bucketArn, options }) => [
    ...useDocumentsKey(options),
    allow('KeepDocuments', ['s3:GetObject', 's3:PutObject'], [`${bucketArn}/runs/*`]),
    // Without it S3 answers 403 instead of 404 for a document that is not there yet.
    allow('ListDocuments', ['s3:ListBucket'], [bucketArn], { StringLike: { 's3:prefix': 'runs/*' } }),
  ],

  listOpenRuns: ({ bucketArn, options }) => [
    ...useDocumentsKey(options),
    allow('ListOpenRuns', ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], [`${bucketArn}/open/*`]),
    allow('FindOpenRuns', ['s3:ListBucket'], [bucketArn], { StringLike: { 's3:prefix': 'open/*' } }),
  ],

  readDatabaseSecrets: (scope) => [
    allow('ReadDatabaseSecrets', ['secretsmanager:GetSecretValue'], secretArns(scope, scope.options.secrets)),
    ...decryptSecrets(scope),
    ...byReader(scope, signInByIam),
  ],

  callAlibaba: (scope) => {
    if (scope.options.alibabaRole !== null) return [getToken(scope.options.alibabaRole)]
    const name = scope.options.alibabaSecret
    if (name === null) return []
    const secret = secretArns(scope, [name], [Aws.REGION])
    return [allow('ReadAlibabaSecret', ['secretsmanager:GetSecretValue'], secret), ...decryptSecrets(scope)]
  },

  describeDatabases: (scope) => bySourceRole(scope, describing),

  openRules: (scope) => bySourceRole(scope, opening),

  closeRules: (scope) => bySourceRole(scope, closing),

  readQuotas: () => [allow('ReadQuotas', ['lambda:GetAccountSettings'], ['*'])],

  readMetrics: (scope) => byReader(scope, readingMetrics),

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

/**
 * Tokens for Alibaba Cloud's STS and nobody else's, short ones. A condition with `ForAllValues` holds where the key is not there at all.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_policies.html
 */
const getToken = ({ audience }: NonNullable<Options['alibabaRole']>) =>
  allow('GetToken', ['sts:GetWebIdentityToken'], ['*'], {
    'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': [audience] },
    Null: { 'sts:IdentityTokenAudience': 'false' },
    StringEquals: { 'sts:SigningAlgorithm': SIGNING_ALGORITHM },
    NumericLessThanEquals: { 'sts:DurationSeconds': String(TOKEN_SECONDS) },
  })

/** A bucket of before may be encrypted with another key than the rest. */
const useDocumentsKey = ({ documentsKey = 'aws' }: Options) =>
  documentsKey === 'aws' ? [] : [allow('UseDocumentsKey', ['kms:Decrypt', 'kms:GenerateDataKey'], [documentsKey])]

/** In the source's own account a function has these rights itself; in another one it may assume the role that has them. */
function bySourceRole(scope: RightsScope, statements: (scope: SourceScope) => PolicyStatement[]): PolicyStatement[] {
  const { sourceRole } = scope.options
  return sourceRole === null ? statements(scope) : [allow('AssumeSourceRole', ['sts:AssumeRole'], [sourceRole.arn])]
}

function byReader(scope: RightsScope, statements: (scope: SourceScope) => PolicyStatement[]): PolicyStatement[] {
  const { sourceRole } = scope.options
  if (sourceRole === null) return statements(scope)
  const { readerArn } = sourceRole
  return readerArn === undefined ? [] : [allow('AssumeSourceReader', ['sts:AssumeRole'], [readerArn])]
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
