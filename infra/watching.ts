import { Duration, Stack } from 'aws-cdk-lib'
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  LogQueryWidget,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { CfnRule } from 'aws-cdk-lib/aws-events'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import { METRICS } from '../lambdas/core/runtime/metric-names.ts'
import { CLOSING_FUNCTIONS } from './function-settings.ts'
import type { Functions } from './functions.ts'
import type { Options } from './options.ts'

export interface WatchingProps {
  readonly options: Options
  readonly stateMachine: StateMachine
  readonly functions: Functions
  readonly deadLetters: IQueue
  readonly key: IKey | undefined
}

const MINUTE = Duration.minutes(1)
const FIVE_MINUTES = Duration.minutes(5)

/** What the log of the functions says, as metrics: answers of steps, which the wrapper logs with their verdict, and reports. */
const FROM_LOG = [
  { name: METRICS.retries, pattern: FilterPattern.stringValue('$.verdict', '=', 'retry') },
  { name: METRICS.failedSteps, pattern: FilterPattern.stringValue('$.verdict', '=', 'failed') },
  {
    name: METRICS.retriesLate,
    pattern: FilterPattern.all(
      FilterPattern.stringValue('$.verdict', '=', 'retry'),
      FilterPattern.numberValue('$.windowUsed', '>=', 0.5),
    ),
  },
  {
    name: METRICS.runsIncomplete,
    pattern: FilterPattern.all(
      FilterPattern.stringValue('$.message', '=', 'REPORT_WRITTEN'),
      FilterPattern.stringValue('$.status', '=', 'incomplete'),
    ),
  },
  {
    name: METRICS.runsRefused,
    pattern: FilterPattern.all(
      FilterPattern.stringValue('$.message', '=', 'RUN_ENDED'),
      FilterPattern.stringValue('$.status', '=', 'refused'),
    ),
  },
]

/** Alarms, to a topic; a dashboard. */
export class Watching extends Construct {
  readonly topic: Topic
  readonly dashboard: Dashboard
  private readonly action: SnsAction
  private readonly props: WatchingProps

  constructor(scope: Construct, id: string, props: WatchingProps) {
    super(scope, id)
    this.props = props
    const { options, functions } = props
    for (const { name, pattern } of FROM_LOG) {
      new MetricFilter(this, name, {
        logGroup: functions.logGroup,
        filterPattern: pattern,
        metricNamespace: options.name,
        metricName: name,
        metricValue: '1',
        // So that there is a number to reckon with whenever something was logged.
        defaultValue: 0,
      })
    }
    // An alarm takes no metric that is spread over dimensions. Without a default: where no lane is at work there is no datum.
    new MetricFilter(this, METRICS.bytesOfAll, {
      logGroup: functions.logGroup,
      filterPattern: FilterPattern.numberValue(`$.${METRICS.bytesCopied}`, '>=', 0),
      metricNamespace: options.name,
      metricName: METRICS.bytesOfAll,
      metricValue: `$.${METRICS.bytesCopied}`,
    })
    this.topic = this.makeTopic()
    this.action = new SnsAction(this.topic)
    this.makeAlarms()
    this.tellFailures()
    this.dashboard = this.makeDashboard()
  }

  private makeTopic(): Topic {
    const { options, key } = this.props
    const topic = new Topic(this, 'Alarms', {
      topicName: `${options.name}-alarms`,
      displayName: `${options.name} alarms`,
      enforceSSL: true,
      ...(key ? { masterKey: key } : {}),
    })
    // A topic with a policy of its own has lost the default one, by which alarms could publish.
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsMayPublish',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    )
    // Without a condition: EventBridge cannot meet one in the policy of a topic (EventBridge User Guide, “Using resource-based policies”).
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'FailuresMayBeTold',
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
      }),
    )
    for (const mail of options.alarmMails) topic.addSubscription(new EmailSubscription(mail))
    return topic
  }

  private makeAlarms(): void {
    const { stateMachine, functions, deadLetters } = this.props
    const sum = { statistic: 'Sum', period: FIVE_MINUTES }
    this.alarm('RunFailed', 'A migration failed: its report says why', this.failedUnrefused())
    this.alarm(
      'RunStopped',
      'A migration was stopped: what it opened is being closed; started again it continues where it was',
      stateMachine.metricAborted(sum),
    )
    this.alarm(
      'RunIncomplete',
      'A migration came to its end without objects that failed: its report names them',
      this.fromLog(METRICS.runsIncomplete, 'incomplete').with({ period: FIVE_MINUTES }),
    )
    this.alarm(
      'RetryHalfUsed',
      'RETRY_HALF_USED: half of the time that an error is waited for has passed. Remedy: the dashboard’s latest errors have its code and remedy',
      this.fromLog(METRICS.retriesLate, 'late').with({ period: FIVE_MINUTES }),
    )
    this.alarm(
      'NoProgress',
      'NO_PROGRESS: lanes are at work, or paused, and for half an hour none has copied anything. Remedy: sampan status TASK shows what is waited for; sampan resume ends a pause',
      this.fromLog(METRICS.bytesOfAll, 'bytes').with({ period: Duration.minutes(10) }),
      { evaluationPeriods: 3, comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD },
    )
    this.alarm(
      'AccessOpenLong',
      'ACCESS_OPEN_LONG: for a day at every sweep something was open. Remedy: it is closed when its run ends; docs/clean-up.md says how to look',
      new Metric({
        namespace: this.props.options.name,
        metricName: METRICS.rulesOpen,
        dimensionsMap: { run: 'all' },
        statistic: 'Minimum',
        period: Duration.hours(1),
      }),
      { evaluationPeriods: 24 },
    )
    this.alarm('RunTimedOut', 'A migration ran for 90 days and was ended', stateMachine.metricTimedOut(sum))
    this.alarm(
      'StartThrottled',
      'Step Functions holds back state transitions of this account',
      stateMachine.metricThrottled(sum),
    )
    for (const name of [...CLOSING_FUNCTIONS, 'CloseAccessFunction'] as const) {
      const called = functions.get(name)
      const id = name.replace(/Function$/, '')
      this.alarm(`${id}Failed`, 'Something may have stayed open: see docs/clean-up.md', called.metricErrors(sum))
    }
    this.alarm(
      'SweepMissing',
      'The sweep, the last net that closes access, has not run for an hour or more',
      functions.get('SweepAccessFunction').metricInvocations({ statistic: 'Sum', period: Duration.minutes(15) }),
      {
        threshold: 1,
        evaluationPeriods: 4,
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        // There is a datum for every sweep and none without. Counted as breaching, none would ring before the first sweep too.
        treatMissingData: TreatMissingData.MISSING,
      },
    ).addInsufficientDataAction(this.action)
    this.alarm(
      'Undelivered',
      'A start or a call that closes access could not be delivered: it is in the queue',
      deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: FIVE_MINUTES }),
    )
    this.alarm(
      'LanesThrottled',
      'Lambda holds lanes back: raise the account’s concurrency or lower the lanes',
      functions.get('CopyLaneFunction').metricThrottles(sum),
    )
  }

  /** An alarm counts; this names the error's code, and its cause, which has the remedy: of refused runs what to acknowledge. */
  private tellFailures(): void {
    const { stateMachine } = this.props
    new CfnRule(this, 'FailureTold', {
      description: 'Tells the code, the cause and the remedy of an execution that failed',
      eventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: { status: ['FAILED'], stateMachineArn: [stateMachine.stateMachineArn] },
      },
      targets: [
        {
          id: 'Topic',
          arn: this.topic.topicArn,
          inputTransformer: {
            inputPathsMap: { name: '$.detail.name', error: '$.detail.error', cause: '$.detail.cause' },
            // As JSON: a value without quotes around it is put in as JSON text, whatever is in the cause.
            inputTemplate: `{"stack": "${this.props.options.name}", "execution": <name>, "code": <error>, "message": <cause>}`,
          },
        },
      ],
    })
  }

  private alarm(id: string, alarmDescription: string, metric: IMetric, more: Partial<AlarmProps> = {}): Alarm {
    const alarm = new Alarm(this, id, {
      alarmName: `${this.props.options.name}-${id}`,
      alarmDescription,
      metric,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...more,
    })
    alarm.addAlarmAction(this.action)
    if (this.props.options.alarmsWhenOver) alarm.addOkAction(this.action)
    return alarm
  }

  private makeDashboard(): Dashboard {
    const { options, stateMachine, functions } = this.props
    const sum = { statistic: 'Sum', period: MINUTE }
    const lanes = functions.get('CopyLaneFunction')
    const graph = (title: string, left: IMetric[], right: IMetric[] = []) =>
      new GraphWidget({ title, left, right, width: 8, height: 6, period: MINUTE })
    return new Dashboard(this, 'Dashboard', {
      // Dashboards are the whole account's, whatever the region of their stack.
      dashboardName: `${options.name}-${Stack.of(this).region}`,
      defaultInterval: Duration.hours(3),
      widgets: [
        [
          graph(
            'Copied per second',
            [this.perSecond(METRICS.rowsCopied, 1, 'rows/s')],
            [this.perSecond(METRICS.bytesCopied, 1_000_000, 'MB/s')],
          ),
          graph('Chunks left', [this.found(METRICS.chunksLeft, 'Minimum')]),
          graph('Lag of each lane, seconds since its last receipt', [this.found(METRICS.laneLag, 'Maximum')]),
        ],
        [
          graph('Steps tried again, steps failed', [
            this.fromLog(METRICS.retries, 'tried again'),
            this.fromLog(METRICS.failedSteps, 'failed'),
          ]),
          graph('Executions with something open', [this.found(METRICS.rulesOpen, 'Maximum')]),
          graph('Executions', [
            stateMachine.metricStarted({ ...sum, label: 'started' }),
            stateMachine.metricSucceeded({ ...sum, label: 'succeeded' }),
            stateMachine.metricFailed({ ...sum, label: 'failed' }),
            stateMachine.metricAborted({ ...sum, label: 'stopped' }),
            stateMachine.metricTimedOut({ ...sum, label: 'timed out' }),
          ]),
        ],
        [
          graph(
            'Lanes at work',
            [lanes.metric('ConcurrentExecutions', { statistic: 'Maximum', period: MINUTE, label: 'lanes' })],
            [lanes.metricThrottles({ ...sum, label: 'held back' }), lanes.metricErrors({ ...sum, label: 'crashed' })],
          ),
          new LogQueryWidget({
            title: 'Latest errors',
            logGroupNames: [functions.logGroup.logGroupName],
            queryLines: [
              'fields @timestamp, run, database, step, lane, message as code, error.message as cause, error.remedy as remedy',
              'filter level = "ERROR" or level = "WARN"',
              'sort @timestamp desc',
              'limit 50',
            ],
            width: 16,
            height: 6,
          }),
        ],
      ],
    })
  }

  /**
   * Executions that failed, without those that the precheck refused: somebody is at the task then, and nothing was written. A refusal is
   * logged by the last step, a second before its execution fails. Step Functions' own log is not asked: it may lose lines.
   */
  private failedUnrefused(): MathExpression {
    return new MathExpression({
      expression: 'failed - FILL(refused, 0)',
      usingMetrics: {
        failed: this.props.stateMachine.metricFailed({ statistic: 'Sum', period: FIVE_MINUTES }),
        refused: this.fromLog(METRICS.runsRefused, 'refused').with({ period: FIVE_MINUTES }),
      },
      label: 'failed',
      period: FIVE_MINUTES,
    })
  }

  /** A custom metric, one line per set of dimensions. */
  private found(name: string, statistic: string): MathExpression {
    return new MathExpression({ expression: this.search(name, statistic), usingMetrics: {}, label: '', period: MINUTE })
  }

  private perSecond(name: string, unit: number, label: string): MathExpression {
    const expression = `SUM(${this.search(name, 'Sum')})/${60 * unit}`
    return new MathExpression({ expression, usingMetrics: {}, label, period: MINUTE })
  }

  private search(name: string, statistic: string): string {
    return `SEARCH('Namespace="${this.props.options.name}" MetricName="${name}"', '${statistic}', 60)`
  }

  private fromLog(metricName: string, label: string): Metric {
    return new Metric({ namespace: this.props.options.name, metricName, label, statistic: 'Sum', period: MINUTE })
  }
}
