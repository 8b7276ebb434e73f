import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { Policy, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import { FUNCTIONS } from '../statemachine/functions.ts'
import { toDefinition } from '../statemachine/migration.ts'
import type { Functions } from './functions.ts'
import { logGroupOf } from './log-group.ts'
import { acceptWildcards } from './nag.ts'
import type { Options } from './options.ts'

export interface WorkflowProps {
  readonly options: Options
  readonly stateMachineName: string
  readonly functions: Functions
  readonly key: IKey | undefined
  readonly removalPolicy: RemovalPolicy
}

/** The state machine, made of statemachine/ and the functions. */
export class Workflow extends Construct {
  readonly stateMachine: StateMachine
  readonly logGroup: ILogGroup

  constructor(scope: Construct, id: string, props: WorkflowProps) {
    super(scope, id)
    const { options, stateMachineName, functions, key, removalPolicy } = props
    const stack = Stack.of(this)
    const role = this.role(functions)
    this.logGroup = logGroupOf(this, {
      prefix: `/aws/vendedlogs/states/${options.name}`,
      existing: options.logGroups.workflow,
      options,
      removalPolicy,
      key,
    })
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineName,
      comment: 'Moves PostgreSQL databases from Amazon RDS to ApsaraDB RDS',
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(JSON.stringify(toDefinition())),
      definitionSubstitutions: Object.fromEntries(
        FUNCTIONS.map((name) => [name, functions.get(name).functionArn] as const),
      ),
      role: role.withoutPolicyUpdates(),
      tracingEnabled: true,
      logs: {
        // Log groups of this prefix do not count against the limited size of the account's resource policy for logs.
        destination: this.logGroup,
        level: LogLevel.ALL,
        // Inputs and outputs carry names only: the task has references to secrets, never a secret.
        includeExecutionData: true,
      },
      // Left behind, it would be in the way of the next stack of this name; what runs is in the reports.
      removalPolicy: RemovalPolicy.DESTROY,
    })
    // A definition from a string tells CDK nothing about its calls, so every right of the role is written here. The role is
    // needed before the machine, and this policy needs the machine's name: in the role itself it would be a circle.
    const children = manageChildren(stack, stateMachineName)
    const policy = new Policy(this, 'ChildExecutions', {
      roles: [role],
      document: new PolicyDocument({ statements: children, minimize: false }),
    })
    policy.node.addDependency(this.stateMachine)
    acceptWildcards(policy, stack, children)
  }

  private role(functions: Functions): Role {
    const statements = [
      new PolicyStatement({
        sid: 'CallFunctions',
        actions: ['lambda:InvokeFunction'],
        resources: FUNCTIONS.map((name) => functions.get(name).functionArn),
      }),
      new PolicyStatement({
        sid: 'DeliverLogs',
        actions: [
          'logs:CreateLogDelivery',
          'logs:DeleteLogDelivery',
          'logs:DescribeLogGroups',
          'logs:DescribeResourcePolicies',
          'logs:GetLogDelivery',
          'logs:ListLogDeliveries',
          'logs:PutResourcePolicy',
          'logs:UpdateLogDelivery',
        ],
        resources: ['*'],
      }),
      new PolicyStatement({
        sid: 'Trace',
        actions: [
          'xray:GetSamplingRules',
          'xray:GetSamplingTargets',
          'xray:PutTelemetryRecords',
          'xray:PutTraceSegments',
        ],
        resources: ['*'],
      }),
    ]
    const role = new Role(this, 'Role', {
      description: 'What the state machine may do: call its functions, and start its lanes',
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      inlinePolicies: { Rights: new PolicyDocument({ statements, minimize: false }) },
    })
    acceptWildcards(role, Stack.of(this), statements)
    return role
  }
}

/**
 * Distributed Maps start their iterations as executions of the same machine.
 * https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
 */
function manageChildren(stack: Stack, stateMachineName: string): PolicyStatement[] {
  const arn = (resource: string, resourceName: string) =>
    stack.formatArn({ service: 'states', resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME })
  return [
    new PolicyStatement({
      sid: 'StartChildren',
      actions: ['states:StartExecution'],
      resources: [arn('stateMachine', stateMachineName)],
    }),
    new PolicyStatement({
      sid: 'ManageChildren',
      actions: ['states:DescribeExecution', 'states:StopExecution'],
      // `name:id` for the executions themselves, `name/label:id` for those of a map run.
      resources: [arn('execution', `${stateMachineName}:*`), arn('execution', `${stateMachineName}/*`)],
    }),
  ]
}
