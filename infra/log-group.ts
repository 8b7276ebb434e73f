import { Aws, Fn, type RemovalPolicy } from 'aws-cdk-lib'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { type ILogGroup, LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import type { Options } from './options.ts'

export interface LogGroupProps {
  /** How its name begins. */
  readonly prefix: string
  /** The name of one that is there already. */
  readonly existing: string | undefined
  readonly options: Options
  readonly removalPolicy: RemovalPolicy
  readonly key: IKey | undefined
}

/**
 * A log group with a name that begins as told and ends in the first part of the stack's own id: one that an earlier stack of the
 * same name has left is not in its way.
 */
export function logGroupOf(
  scope: Construct,
  { prefix, existing, options, removalPolicy, key }: LogGroupProps,
): ILogGroup {
  if (existing !== undefined) return LogGroup.fromLogGroupName(scope, 'Logs', existing)
  const made = new LogGroup(scope, 'Logs', {
    logGroupName: `${prefix}-${Fn.select(0, Fn.split('-', Fn.select(2, Fn.split('/', Aws.STACK_ID))))}`,
    retention: options.logDays,
    removalPolicy,
    ...(key ? { encryptionKey: key } : {}),
  })
  return made
}
