import { Stack } from 'aws-cdk-lib'
import { PolicyDocument, type PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import type { Options } from './options.ts'

/** Characters of all inline policies of one role. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const POLICY_CHARACTERS = 10_240
/** Bytes of one function's variables. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const ENVIRONMENT_BYTES = 4096

/** What CloudFormation fills in, at its longest. */
const FILLED_IN: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'ap-southeast-1',
  'AWS::AccountId': '111122223333',
  'AWS::URLSuffix': 'amazonaws.com.cn',
}
/** A name or an ARN of what the stack makes: that of a key is as long as any. */
const MADE = 'x'.repeat(90)

/**
 * Measures a role's policy as IAM does, without white space.
 * @throws Error where IAM would refuse it when the stack is half made, with the options to shorten
 */
export function assertPolicyFits(
  scope: Construct,
  owner: string,
  of: readonly PolicyStatement[],
  options: Options,
): void {
  const document = new PolicyDocument({ statements: [...of], minimize: false })
  const length = measured(scope, document).replace(/\s/g, '').length
  if (length > POLICY_CHARACTERS)
    refuse(
      `the role of ${owner} would have ${count(length)} characters of policy, and IAM takes ${count(POLICY_CHARACTERS)}`,
      [...['sourceRegions', 'securityGroups', 'secrets', 'secretKeys', 'iamDatabaseUsers']],
      options,
    )
}

/**
 * Measures the variables of a function as Lambda does, as JSON.
 * @throws Error where Lambda would refuse them, with the options to shorten
 */
export function assertEnvironmentFits(
  scope: Construct,
  owner: string,
  variables: Readonly<Record<string, string>>,
  options: Options,
): void {
  const bytes = Buffer.byteLength(measured(scope, variables))
  if (bytes > ENVIRONMENT_BYTES)
    refuse(
      `${owner} would have ${count(bytes)} bytes of variables, and Lambda takes ${count(ENVIRONMENT_BYTES)}`,
      [...['secrets', 'unverifiedHosts']],
      options,
    )
}

const count = (of: number) => of.toLocaleString('en')

/** Longest lists first: they are what it comes from. */
function refuse(what: string, names: readonly string[], options: Options): never {
  const lists = names
    .map((name) => ({ name, items: options[name as keyof Options] as readonly unknown[] }))
    .filter(({ items }) => items.length > 1)
    .sort((one, other) => JSON.stringify(other.items).length - JSON.stringify(one.items).length)
  const told = lists.map(({ name, items }) => `${name} (${items.length})`).join(', ')
  throw new Error(`${what}: shorten ${told}, or divide them among two stacks of different names`)
}

function measured(scope: Construct, value: unknown): string {
  return JSON.stringify(filled(Stack.of(scope).resolve(value)))
}

/** The value as it will be, with references of that length. */
function filled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(filled)
  if (typeof value !== 'object' || value === null) return value
  if ('Ref' in value) return FILLED_IN[String(value.Ref)] ?? MADE
  if ('Fn::Join' in value) {
    const [delimiter, parts] = value['Fn::Join'] as readonly [string, readonly unknown[]]
    return parts.map(filled).join(delimiter)
  }
  if (Object.keys(value).some((key) => key.startsWith('Fn::'))) return MADE
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, filled(child)]))
}
