import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Found, flat, listOf, type Statement, statementsOf } from './policies.ts'
import { ALIBABA_ROLE, IN_VPC, synthesise } from './stack.ts'

/** What AWS publishes of the actions in use: which resources each knows, and which condition keys are evaluated for them. */
interface Action {
  /** Evaluated whatever the resource. */
  readonly keys: readonly string[]
  readonly resources: Readonly<Record<string, { readonly arn: string; readonly keys: readonly string[] }>>
}

const { actions } = JSON.parse(readFileSync(new URL('./aws-actions.json', import.meta.url), 'utf8')) as {
  readonly actions: Readonly<Record<string, Action>>
}

/**
 * In every request, or put into it by the service that calls.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 * https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
 */
const EVERYWHERE = [
  'aws:RequestedRegion',
  'aws:SecureTransport',
  'aws:SourceAccount',
  'aws:SourceArn',
  'lambda:SourceFunctionArn',
]

const template = synthesise({
  ...IN_VPC,
  key: 'create',
  sourceRegions: ['eu-central-1'],
  secretKeys: ['arn:aws:kms:us-east-1:111122223333:key/0a1b'],
  iamDatabaseUsers: ['migrator'],
  temporaryGroups: true,
  eventSources: ['my.pipeline'],
  alibabaRole: ALIBABA_ROLE,
})
const types = new Map(
  Object.entries(template.toJSON().Resources as Readonly<Record<string, { Type: string }>>).map(([id, { Type }]) => [
    id,
    Type,
  ]),
)
const roles = statementsOf(template).filter(
  ({ type, statement }) => /^AWS::IAM::(Role|Policy)$/.test(type) && statement.Resource !== undefined,
)

/** A reference to what the stack makes, as the ARN it will be. */
const ARN_OF: Readonly<Record<string, string>> = {
  'AWS::S3::Bucket': 'arn:aws:s3:::made',
  'AWS::SQS::Queue': 'arn:aws:sqs:us-east-1:111122223333:made',
  'AWS::KMS::Key': 'arn:aws:kms:us-east-1:111122223333:key/made',
  'AWS::Lambda::Function': 'arn:aws:lambda:us-east-1:111122223333:function:made',
  'AWS::StepFunctions::StateMachine': 'arn:aws:states:us-east-1:111122223333:stateMachine:made',
}

function arnOf(resource: unknown): string {
  return flat(resource)
    .replace('<AWS::Partition>', 'aws')
    .replace('<AWS::Region>', 'us-east-1')
    .replace('<AWS::AccountId>', '111122223333')
    .replace(/<(\w+)(\.Arn)?>/g, (whole, id: string) => {
      const type = types.get(id) ?? ''
      return type === 'AWS::Logs::LogGroup' ? 'made' : (ARN_OF[type] ?? whole)
    })
}

/** The kinds of resources of an action that an ARN, or a pattern of one, may be. */
function kindsOf(action: Action, arn: string): readonly string[] {
  return Object.entries(action.resources)
    .filter(([, { arn: form }]) => fits(form, arn))
    .map(([kind]) => kind)
}

function fits(form: string, arn: string): boolean {
  const literal = (text: string) => text.replace(/[\\^$.|+()[\]{}?*]/g, '\\$&')
  const parts = form.split(/\$\{\w+\}/)
  const pattern = parts.map((part, index) => literal(part) + (index < parts.length - 2 ? '.*?' : '.*')).slice(0, -1)
  // A bucket's name has no slash: what has one is an object.
  if (/:s3:::\$\{BucketName\}$/.test(form)) return /^arn:aws:s3:::[^/]+$/.test(arn)
  // A pattern that ends early may go on in any way.
  const whole = arn.endsWith('*') ? `${arn}:*` : arn
  return [arn, whole].some((one) => new RegExp(`^${pattern.join('')}${literal(parts.at(-1) ?? '')}$`).test(one))
}

/** What is wrong with one statement, a line each. */
function problemsOf(statement: Statement): readonly string[] {
  const problems: string[] = []
  const names = listOf(statement.Action).map(String)
  const known = new Set<string>()
  const keys = Object.values(statement.Condition ?? {}).flatMap((one) => Object.keys(one))
  for (const name of names) {
    const action = actions[name]
    if (action === undefined) {
      problems.push(`${name} is not in aws-actions.json`)
      continue
    }
    const knows = Object.keys(action.resources).length > 0
    const resources = listOf(statement.Resource).map(arnOf)
    const kinds = resources.map((arn) => (arn === '*' ? Object.keys(action.resources) : kindsOf(action, arn)))
    const own = resources.filter((arn, index) => (knows ? kinds[index]?.length !== 0 : arn === '*'))
    for (const arn of own) known.add(arn)
    if (own.length === 0) problems.push(`${name} knows no resource such as ${resources.join(', ')}`)
    for (const key of keys.filter((one) => !EVERYWHERE.includes(one))) {
      const isKey = (published: string) => published.replace(/\$\{\w+\}$/, '') === key.replace(/(Tag\/).*$/, '$1')
      if (action.keys.some(isKey)) continue
      const blind = kinds.flat().filter((kind) => !action.resources[kind]?.keys.some(isKey))
      if (!knows || blind.length > 0)
        problems.push(`${key} is never evaluated for ${name} on ${blind.join(', ') || '*'}`)
    }
  }
  // Two actions may share a statement whose resources each of them knows in part.
  const strange = listOf(statement.Resource)
    .map(arnOf)
    .filter((arn) => !known.has(arn))
  if (problems.length === 0 && strange.length > 0) problems.push(`${names.join(', ')} know no ${strange.join(', ')}`)
  return problems
}

const told = ({ resource, statement }: Found) => problemsOf(statement).map((problem) => `${resource}: ${problem}`)

describe('what AWS evaluates', () => {
  it('has every action, every resource and every condition of the roles', () => {
    expect(roles.length).toBeGreaterThan(100)
    expect([...new Set(roles.flatMap(told).map((line) => line.replace(/^\w+: /, '')))]).toEqual([])
  })

  it('has no action that no role uses any more', () => {
    const used = new Set(roles.flatMap(({ statement }) => listOf(statement.Action).map(String)))
    expect(Object.keys(actions).filter((name) => !used.has(name))).toEqual([])
  })

  const allow = (Action: string, Resource: string, Condition: Statement['Condition']): Statement => ({
    ...{ Effect: 'Allow', Action, Resource },
    ...(Condition ? { Condition } : {}),
  })
  const rule = 'arn:aws:ec2:us-east-1:111122223333:security-group-rule/*'
  const tagged = { Null: { 'aws:ResourceTag/sampan:execution': 'false' } }

  it('would find a rule that is revoked by its own tag, which nobody looks at', () => {
    expect(problemsOf(allow('ec2:RevokeSecurityGroupIngress', rule, tagged))).toEqual([
      `ec2:RevokeSecurityGroupIngress knows no resource such as ${rule}`,
    ])
    expect(problemsOf(allow('ec2:AuthorizeSecurityGroupIngress', rule, tagged))).toEqual([
      'aws:ResourceTag/sampan:execution is never evaluated for ec2:AuthorizeSecurityGroupIngress on security-group-rule',
    ])
    expect(problemsOf(allow('lambda:GetAccountSettings', '*', tagged))).toEqual([
      'aws:ResourceTag/sampan:execution is never evaluated for lambda:GetAccountSettings on *',
    ])
  })
})
