import { type Stack, Validations } from 'aws-cdk-lib'
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IConstruct } from 'constructs'
import { WILDCARD_REASONS, type WildcardStatement } from './wildcards.ts'

/** Says why a finding of cdk-nag stands, for a construct and what is in it. */
export function acceptFinding(construct: IConstruct, rule: `AwsSolutions-${string}`, reason: string): void {
  Validations.of(construct).acknowledge({ id: rule, reason })
}

/**
 * Accepts the wildcards of statements for cdk-nag, each finding by itself, with the reason that infra/wildcards.ts gives.
 * @throws Error for a wildcard without a reason
 */
export function acceptWildcards(construct: IConstruct, stack: Stack, statements: readonly PolicyStatement[]): void {
  for (const statement of statements) {
    if (statement.effect === 'Deny') continue
    const findings = [
      ...statement.actions.map((action) => `Action::${action}`),
      ...statement.resources.map((resource) => `Resource::${flatten(stack.resolve(resource))}`),
    ].filter((finding) => finding.includes('*'))
    if (findings.length === 0) continue
    const sid = statement.sid ?? ''
    if (!Object.hasOwn(WILDCARD_REASONS, sid)) throw new Error(`the statement ${sid} has a * without a reason`)
    const reason = WILDCARD_REASONS[sid as WildcardStatement]
    for (const finding of findings) acceptFinding(construct, `AwsSolutions-IAM5[${finding}]`, reason)
  }
}

/** A CloudFormation value as cdk-nag writes it into the name of a finding: `arn:<AWS::Partition>:…`. */
function flatten(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return String(value)
  if ('Ref' in value) return `<${String(value.Ref)}>`
  if ('Fn::GetAtt' in value) return `<${(value['Fn::GetAtt'] as readonly string[]).join('.')}>`
  if ('Fn::Join' in value) {
    const [delimiter, items] = value['Fn::Join'] as readonly [string, readonly unknown[]]
    return items.map(flatten).join(delimiter)
  }
  return JSON.stringify(value)
}
