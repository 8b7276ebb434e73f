import { Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { EventBus, EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events'
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets'
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { CfnSchedule, ContextAttribute, ScheduleGroup } from 'aws-cdk-lib/aws-scheduler'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import type { Options } from './options.ts'

export interface StartingProps {
  readonly options: Options
  readonly stateMachine: StateMachine
  /** Takes the starts that could not be delivered. */
  readonly deadLetters: IQueue
  readonly key: IKey | undefined
}

/** Scheduler keeps what it could not deliver with the rights of its own role. */
export function keepLost(deadLetters: IQueue, key: IKey | undefined): PolicyStatement[] {
  const use = { sid: 'UseKey', actions: ['kms:Decrypt', 'kms:GenerateDataKey'] }
  return [
    new PolicyStatement({ sid: 'KeepLostCalls', actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] }),
    ...(key ? [new PolicyStatement({ ...use, resources: [key.keyArn] })] : []),
  ]
}

/** `detail-type` of an event whose `detail` is a task. */
const START_EVENT = 'Migration Requested'

/** One time of one schedule. Scheduler delivers at least once, as EventBridge does. */
const ONE_TIME = `${ContextAttribute.scheduleArn} ${ContextAttribute.scheduledTime}`

/** The ways to start a migration besides the console and the command: an event, and a schedule. */
export class Starting extends Construct {
  readonly group: ScheduleGroup
  /** Who may put events here may start migrations, and nobody else by an event. */
  readonly bus: EventBus
  /** What EventBridge Scheduler acts as when it starts a migration. */
  readonly role: Role

  constructor(scope: Construct, id: string, props: StartingProps) {
    super(scope, id)
    this.bus = new EventBus(this, 'Bus', {
      eventBusName: props.options.name,
      description:
        'Each event "Migration Requested" here starts a migration: the right to put events here is the right to start them',
    })
    this.startByEvent(props)
    this.group = new ScheduleGroup(this, 'Schedules', {
      scheduleGroupName: props.options.name,
      // Its schedules start what goes with the stack; left behind, it would be in the way of the next one.
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.role = this.schedulerRole(props)
    for (const schedule of props.options.schedules) {
      // Only the plain resource passes a task on as it is, without a construct of its own for each kind of field.
      new CfnSchedule(this, `Start-${schedule.name}`, {
        name: schedule.name,
        groupName: this.group.scheduleGroupName,
        scheduleExpression: `at(${schedule.at})`,
        scheduleExpressionTimezone: schedule.timezone,
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: props.stateMachine.stateMachineArn,
          roleArn: this.role.roleArn,
          // The same at each delivery: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
          input: JSON.stringify({ event: ONE_TIME, task: schedule.task }),
          deadLetterConfig: { arn: props.deadLetters.queueArn },
          retryPolicy: { maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 },
        },
      })
    }
  }

  /**
   * The task is the event's `detail`, the envelope stays behind. Events of other accounts start nothing. On the account's default bus
   * everybody may put events who may put any: there only the sources count that the deployment names.
   */
  private startByEvent({ options, stateMachine, deadLetters }: StartingProps): void {
    const pattern = { account: [Aws.ACCOUNT_ID], detailType: [START_EVENT] }
    const target = new SfnStateMachine(stateMachine, {
      // A second delivery has the same id, by which ReadTask knows it.
      input: RuleTargetInput.fromObject({ event: EventField.eventId, task: EventField.fromPath('$.detail') }),
      deadLetterQueue: deadLetters,
      retryAttempts: 185,
      maxEventAge: Duration.hours(24),
    })
    new Rule(this, 'StartByEvent', {
      description: `Starts a migration for each event "${START_EVENT}" on the stack's own bus`,
      eventBus: this.bus,
      eventPattern: pattern,
      targets: [target],
    })
    if (options.eventSources.length === 0) return
    new Rule(this, 'StartByNamedSource', {
      description: `Starts a migration for each event "${START_EVENT}" of the sources named in eventSources`,
      eventPattern: { ...pattern, source: [...options.eventSources] },
      targets: [target],
    })
  }

  private schedulerRole({ stateMachine, deadLetters, key }: StartingProps): Role {
    const statements = [
      new PolicyStatement({
        sid: 'StartMigrations',
        actions: ['states:StartExecution'],
        resources: [stateMachine.stateMachineArn],
      }),
      ...keepLost(deadLetters, key),
    ]
    return new Role(this, 'SchedulerRole', {
      description: 'Starts migrations at the times of the schedules of this stack',
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: {
            'aws:SourceAccount': Stack.of(this).account,
            'aws:SourceArn': this.group.scheduleGroupArn,
          },
        },
      }),
      inlinePolicies: { Rights: new PolicyDocument({ statements }) },
    })
  }
}
