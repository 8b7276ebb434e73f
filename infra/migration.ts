import { Annotations, ArnFormat, CfnOutput, Duration, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib'
import type { Code } from 'aws-cdk-lib/aws-lambda'
import type { IBucket } from 'aws-cdk-lib/aws-s3'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import { tellAlibabaRole } from './alibaba-role.ts'
import { Closing } from './closing.ts'
import { Encryption } from './encryption.ts'
import type { AnyFunctionName } from './function-settings.ts'
import { Functions, type Workplace } from './functions.ts'
import { layoutRemarks } from './layout-remarks.ts'
import { MadeNetwork } from './made-network.ts'
import { Network } from './network.ts'
import type { Options } from './options.ts'
import { ruleRoles } from './roles.ts'
import { tellSourceRoles } from './source-account.ts'
import { Starting } from './starting.ts'
import { Storage } from './storage.ts'
import { Watching } from './watching.ts'
import { Workflow } from './workflow.ts'

export interface MigrationProps {
  readonly options: Options
  /** The code of a function by its name. */
  readonly code: (name: AnyFunctionName) => Code
}

/** Everything that is deployed, in whatever stack. Its id is `Default`, which logical ids leave out. */
export class Migration extends Construct {
  readonly bucket: IBucket
  readonly stateMachine: StateMachine
  readonly starting: Starting
  readonly watching: Watching
  readonly workplace: Workplace | undefined

  constructor(scope: Construct, { options, code }: MigrationProps) {
    super(scope, 'Default')
    const stack = Stack.of(this)
    // On the failure of a first deployment nothing is worth keeping, and what stayed would be in the way of the second.
    const removalPolicy =
      options.removal === 'retain' ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY
    const { key } = new Encryption(this, 'Encryption', options, removalPolicy)
    const { bucket } = new Storage(this, 'Storage', options, removalPolicy, key)
    const workplace = workplaceOf(this, options)
    for (const { level, id, text } of layoutRemarks(options)) {
      if (level === 'info') Annotations.of(this).addInfoV2(id, text)
      else Annotations.of(this).addWarningV2(id, text)
    }
    const deadLetters = new Queue(this, 'Undelivered', {
      queueName: `${options.name}-undelivered`,
      retentionPeriod: Duration.days(14),
      enforceSSL: true,
      ...(key ? { encryptionMasterKey: key } : { encryption: QueueEncryption.SQS_MANAGED }),
    })

    // The machine is called as the stack is: the command finds it by that, and rights and functions can name it before it is.
    const stateMachineName = options.name
    const functions = new Functions(this, 'Functions', {
      options,
      code,
      bucket,
      stateMachineArn: stack.formatArn({
        service: 'states',
        resource: 'stateMachine',
        resourceName: stateMachineName,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
      stateMachineName,
      workplace,
      key,
      removalPolicy,
      deadLetters,
    })
    const { stateMachine, logGroup } = new Workflow(this, 'Workflow', {
      options,
      stateMachineName,
      functions,
      key,
      removalPolicy,
    })
    const starting = new Starting(this, 'Starting', { options, stateMachine, deadLetters, key })
    new Closing(this, 'Closing', { stateMachine, functions, group: starting.group, deadLetters, key })
    const watching = new Watching(this, 'Watching', { options, stateMachine, functions, deadLetters, key })

    tellSourceRoles(this, options, functions)
    tellAlibabaRole(this, options, functions)
    // Where `sampan report` reads from.
    Tags.of(stateMachine).add('sampan:artefacts', `s3://${bucket.bucketName}`)

    new CfnOutput(this, 'StateMachineArn', { value: stateMachine.stateMachineArn })
    new CfnOutput(this, 'DocumentsBucket', { value: bucket.bucketName })
    new CfnOutput(this, 'FunctionLogs', { value: functions.logGroup.logGroupName })
    new CfnOutput(this, 'WorkflowLogs', { value: logGroup.logGroupName })
    new CfnOutput(this, 'EventBusName', { value: starting.bus.eventBusName })
    new CfnOutput(this, 'ScheduleGroup', { value: starting.group.scheduleGroupName })
    new CfnOutput(this, 'ScheduleRoleArn', { value: starting.role.roleArn })
    new CfnOutput(this, 'AlarmTopicArn', { value: watching.topic.topicArn })
    new CfnOutput(this, 'UndeliveredQueueUrl', { value: deadLetters.queueUrl })
    new CfnOutput(this, 'DashboardName', { value: watching.dashboard.dashboardName })
    this.bucket = bucket
    this.stateMachine = stateMachine
    this.starting = starting
    this.watching = watching
    this.workplace = workplace
    if (!workplace) return
    new CfnOutput(this, 'WorkerSecurityGroup', { value: workplace.securityGroup.securityGroupId })
    if (workplace.egressAddresses.length > 0)
      new CfnOutput(this, 'EgressAddresses', { value: workplace.egressAddresses.join(',') })
  }
}

/** The deployment's tags and its account's rules for roles, on everything below `whole`. */
export function rule(whole: Construct, options: Options): void {
  ruleRoles(whole, options)
  for (const [name, value] of Object.entries(options.tags)) Tags.of(whole).add(name, value)
  Tags.of(whole).add('sampan:environment', options.environment)
  Tags.of(whole).add('sampan:stack', options.name)
}

function workplaceOf(scope: Construct, { network, name }: Options): Workplace | undefined {
  if (network === null) return undefined
  return network.create
    ? new MadeNetwork(scope, 'Network', { options: network, name }).workplace
    : new Network(scope, 'Network', { options: network, name }).workplace
}
