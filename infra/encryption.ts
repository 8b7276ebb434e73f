import { Aws, type RemovalPolicy, Stack } from 'aws-cdk-lib'
import { AccountRootPrincipal, PolicyDocument, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { type IKey, Key } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'
import type { Options } from './options.ts'

/** Services that send into what the key encrypts without a role of this account: alarms to the topic, events to the queue. */
const SERVICES = ['cloudwatch', 'events']

/** The customer key: none, one of the stack's own, or the user's. */
export class Encryption extends Construct {
  readonly key: IKey | undefined

  constructor(scope: Construct, id: string, options: Options, removalPolicy: RemovalPolicy) {
    super(scope, id)
    if (options.key === 'aws') return
    if (options.key !== 'create') {
      // Its policy is its owner's: docs/deploy.md has the statements it needs.
      this.key = Key.fromKeyArn(this, 'Key', options.key)
      return
    }
    this.key = new Key(this, 'Key', {
      description: `${options.name}: reports, logs, queue, topic, environments`,
      enableKeyRotation: true,
      removalPolicy,
      policy: keyPolicy(Stack.of(this), options.name),
    })
  }
}

/** What the policy of the key must say. */
function keyPolicy(stack: Stack, name: string): PolicyDocument {
  const use = ['kms:Decrypt', 'kms:Encrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey']
  const logGroups = [`/sampan/${name}/*`, `/aws/vendedlogs/states/${name}-*`].map(
    (group) => `arn:${Aws.PARTITION}:logs:${stack.region}:${stack.account}:log-group:${group}`,
  )
  return new PolicyDocument({
    statements: [
      new PolicyStatement({
        sid: 'AccountMayManageKey',
        principals: [new AccountRootPrincipal()],
        actions: ['kms:*'],
        resources: ['*'],
      }),
      new PolicyStatement({
        sid: 'LogsMayUseKey',
        principals: [new ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`)],
        actions: use,
        resources: ['*'],
        conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': logGroups } },
      }),
      new PolicyStatement({
        sid: 'ServicesMayUseKey',
        principals: SERVICES.map((service) => new ServicePrincipal(`${service}.amazonaws.com`)),
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        // Not every sender tells KMS for whose account it sends. Topic and queue themselves say whom they take messages from.
        resources: ['*'],
      }),
    ],
  })
}
