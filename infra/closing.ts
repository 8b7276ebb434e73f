import { Duration, Stack } from 'aws-cdk-lib'
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { CfnSchedule, type ScheduleGroup } from 'aws-cdk-lib/aws-scheduler'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import type { Functions } from './functions.ts'
import { keepLost } from './starting.ts'

export interface ClosingProps {
  readonly stateMachine: StateMachine
  readonly functions: Functions
  readonly group: ScheduleGroup
  readonly deadLetters: IQueue
  readonly key: IKey | undefined
}

/** All the ways an execution ends. SUCCEEDED too: what its own last step missed is closed as well. */
const ENDED = ['FAILED', 'TIMED_OUT', 'ABORTED', 'SUCCEEDED']

/**
 * The second and the third net below the workflow's own last step: an event when an execution ends, however it ends, and a
 * sweep, since the delivery of those events is best effort.
 */
export class Closing extends Construct {
  constructor(scope: Construct, id: string, { stateMachine, functions, group, deadLetters, key }: ClosingProps) {
    super(scope, id)
    new Rule(this, 'ExecutionEnded', {
      description: 'Closes what an execution that has ended left open',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        // Exactly this machine: lanes are executions of `name/label` and open nothing.
        detail: { status: ENDED, stateMachineArn: [stateMachine.stateMachineArn] },
      },
      targets: [
        new LambdaFunction(functions.get('ExecutionEndedFunction'), {
          // Without the input: it is dropped above 248 KB, so nothing may depend on it.
          event: RuleTargetInput.fromObject({
            region: EventField.fromPath('$.region'),
            detail: {
              executionArn: EventField.fromPath('$.detail.executionArn'),
              name: EventField.fromPath('$.detail.name'),
              status: EventField.fromPath('$.detail.status'),
            },
          }),
          deadLetterQueue: deadLetters,
          retryAttempts: 185,
          maxEventAge: Duration.hours(24),
        }),
      ],
    })

    const sweep = functions.get('SweepAccessFunction')
    const role = new Role(this, 'SweepRole', {
      description: 'Calls the sweep',
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account, 'aws:SourceArn': group.scheduleGroupArn },
        },
      }),
      inlinePolicies: {
        Rights: new PolicyDocument({
          statements: [
            new PolicyStatement({ sid: 'Sweep', actions: ['lambda:InvokeFunction'], resources: [sweep.functionArn] }),
            ...keepLost(deadLetters, key),
          ],
        }),
      },
    })
    new CfnSchedule(this, 'Sweep', {
      description: 'Closes what belongs to no running execution, or is past its time',
      groupName: group.scheduleGroupName,
      scheduleExpression: 'rate(15 minutes)',
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: sweep.functionArn,
        roleArn: role.roleArn,
        deadLetterConfig: { arn: deadLetters.queueArn },
        // The next sweep comes anyway.
        retryPolicy: { maximumEventAgeInSeconds: 900, maximumRetryAttempts: 3 },
      },
    })
  }
}
