import { CfnOutput, Stack } from 'aws-cdk-lib'
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import { type AnyFunctionName, FUNCTION_SETTINGS } from './function-settings.ts'
import type { Functions } from './functions.ts'
import type { Options } from './options.ts'
import type { Right } from './rights.ts'
import { readerStatements, type SourceScope, sourceStatements } from './source-rights.ts'

/** What is done at the source's instance and its groups. */
const AT_THE_SOURCE: readonly Right[] = ['describeDatabases', 'openRules', 'closeRules']

/** The role in the source's account that a function may assume; `null`: none, or there is no other account. */
export function sourceRoleOf(name: AnyFunctionName, { sourceRole }: Options): string | null {
  const { rights } = FUNCTION_SETTINGS[name]
  if (sourceRole === null) return null
  if (rights.some((right) => AT_THE_SOURCE.includes(right))) return sourceRole.arn
  return rights.some((right) => right === 'readMetrics' || right === 'readDatabaseSecrets')
    ? (sourceRole.readerArn ?? null)
    : null
}

/**
 * Tells what the roles in the source's account need: their trust and their rights, as JSON to be pasted there. They are not the stack's to
 * make.
 */
export function tellSourceRoles(construct: Construct, options: Options, functions: Functions): void {
  const { sourceRole } = options
  if (sourceRole === null) return
  const scope: SourceScope = { stack: Stack.of(construct), options }
  tell(construct, 'SourceRole', sourceRole.arn, sourceStatements(scope), options, functions)
  if (sourceRole.readerArn !== undefined)
    tell(construct, 'SourceReader', sourceRole.readerArn, readerStatements(scope), options, functions)
}

function tell(
  construct: Construct,
  name: string,
  role: string,
  statements: readonly PolicyStatement[],
  options: Options,
  functions: Functions,
): void {
  const callers = (Object.keys(FUNCTION_SETTINGS) as AnyFunctionName[]).filter(
    (each) => sourceRoleOf(each, options) === role,
  )
  const trust = {
    Effect: 'Allow',
    Principal: { AWS: callers.map((each) => functions.get(each).role?.roleArn) },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'sts:ExternalId': options.sourceRole?.externalId } },
  }
  const policy = (Statement: readonly unknown[]) =>
    Stack.of(construct).toJsonString({ Version: '2012-10-17', Statement })
  new CfnOutput(construct, `${name}Trust`, { description: `Trust policy of ${role}`, value: policy([trust]) })
  new CfnOutput(construct, `${name}Rights`, {
    description: `Policy of ${role}`,
    value: policy(statements.map((statement) => statement.toStatementJson())),
  })
}
