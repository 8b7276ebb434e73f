import { readFileSync } from 'node:fs'
import { Match, type Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { FUNCTION_SETTINGS } from '../../infra/function-settings.ts'
import { FUNCTIONS } from '../../statemachine/functions.ts'
import { toDefinition } from '../../statemachine/migration.ts'
import { flat } from './policies.ts'
import { EXISTING, IN_VPC, synthesise, TASK } from './stack.ts'

const plain = synthesise()
const inVpc = synthesise({
  ...IN_VPC,
  key: 'create',
  size: 'xlarge',
  environment: 'staging',
  alarmMails: ['dba@example.com'],
  schedules: [{ name: 'tonight', at: '2026-12-24T02:00:00', timezone: 'Asia/Singapore', task: TASK }],
})

interface FunctionProperties {
  readonly FunctionName: string
  readonly Timeout: number
  readonly MemorySize: number
  readonly VpcConfig?: unknown
  readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> }
}

interface Kept {
  readonly Type: string
  readonly DeletionPolicy?: string
  readonly Properties?: Readonly<Record<string, unknown>>
}

const functionsOf = (template: typeof plain): readonly FunctionProperties[] =>
  Object.entries(template.findResources('AWS::Lambda::Function'))
    .filter(([id]) => id.startsWith('Functions'))
    .map(([, { Properties }]) => Properties as FunctionProperties)

/** Without what changes for reasons of its own: digests of assets, and the definition, which has tests of its own. */
function normalised(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalised)
  if (typeof value === 'string') return value.replace(/[0-9a-f]{64}/g, '<digest>')
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, key === 'DefinitionString' ? '<definition>' : normalised(child)]),
  )
}

describe('the stack', () => {
  it('is what it was', () => {
    expect(normalised(plain.toJSON())).toMatchSnapshot()
  })

  it('carries the environment’s tag on everything that can be tagged', () => {
    const tag = { Key: 'sampan:environment', Value: 'staging' }
    for (const type of ['AWS::Lambda::Function', 'AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::KMS::Key']) {
      inVpc.allResourcesProperties(type, { Tags: Match.arrayWith([tag]) })
    }
    inVpc.hasResourceProperties('AWS::StepFunctions::StateMachine', { Tags: Match.arrayWith([tag]) })
  })

  it('keeps reports and logs when it is deleted, unless told otherwise', () => {
    // And never for the sake of a first deployment that failed.
    plain.allResources('AWS::S3::Bucket', { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' })
    plain.allResources('AWS::Logs::LogGroup', { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' })
    const destroyed = synthesise({ removal: 'destroy' })
    destroyed.allResources('AWS::S3::Bucket', { DeletionPolicy: 'Delete' })
    destroyed.allResources('AWS::Logs::LogGroup', { DeletionPolicy: 'Delete' })
  })

  it('leaves nothing behind that the next stack of the same name would want to make', () => {
    for (const [id, resource] of Object.entries(inVpc.toJSON().Resources as Record<string, Kept>)) {
      if (!/^Retain/.test(resource.DeletionPolicy ?? 'Delete')) continue
      const { BucketName, LogGroupName, Name, ...others } = resource.Properties ?? {}
      expect([id, BucketName, Name, Object.keys(others).filter((key) => /Name$/.test(key))]).toEqual([
        ...[id, undefined, undefined, []],
      ])
      // A log group has the first part of its stack's own id in its name.
      if (resource.Type === 'AWS::Logs::LogGroup') expect(JSON.stringify(LogGroupName)).toContain('AWS::StackId')
    }
    inVpc.allResources('AWS::StepFunctions::StateMachine', { DeletionPolicy: 'Delete' })
    inVpc.allResources('AWS::Scheduler::ScheduleGroup', { DeletionPolicy: 'Delete' })
  })

  it('takes over the bucket and the log groups of a stack before it, where it is told to', () => {
    const adopting = synthesise({
      documentsBucket: 'sampan-documents-1x2y3z',
      logGroups: { functions: '/sampan/Sampan/functions-0a1b2c3d', workflow: '/aws/vendedlogs/states/Sampan-0a1b2c3d' },
    })
    adopting.resourceCountIs('AWS::S3::Bucket', 0)
    adopting.resourceCountIs('AWS::Logs::LogGroup', 0)
    const { Variables } = functionsOf(adopting)[0]?.Environment ?? { Variables: {} }
    expect(Variables.SAMPAN_ARTEFACTS).toBe('s3://sampan-documents-1x2y3z')
    expect(JSON.stringify(adopting.findResources('AWS::IAM::Role'))).toContain('functions-0a1b2c3d:log-stream:*')
  })

  it('encrypts bucket, queue, topic, logs and environments with the customer key, where there is one', () => {
    const key = { 'Fn::GetAtt': [Match.stringLikeRegexp('^EncryptionKey'), 'Arn'] }
    inVpc.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { KMSMasterKeyID: key, SSEAlgorithm: 'aws:kms' } },
        ],
      },
    })
    inVpc.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: key })
    inVpc.allResourcesProperties('AWS::SNS::Topic', { KmsMasterKeyId: key })
    inVpc.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: key })
    inVpc.hasResourceProperties('AWS::Lambda::Function', { FunctionName: 'Sampan-CopyLane', KmsKeyArn: key })
    inVpc.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true })
  })

  it('deletes documents by age only where they are reports, never what tells that something is open', () => {
    const rules = Object.values(plain.findResources('AWS::S3::Bucket')).flatMap(
      ({ Properties }) => (Properties.VersioningConfiguration && Properties.LifecycleConfiguration?.Rules) ?? [],
    )
    expect(rules.filter((rule: object) => 'ExpirationInDays' in rule)).toEqual([
      { ExpirationInDays: 400, Prefix: 'runs/', Status: 'Enabled' },
    ])
    expect(() => synthesise({ reportDays: 90 })).toThrow(/reportDays: must be more than the 90 days/)
  })

  it('gives nobody the right to redrive an execution', () => {
    expect(JSON.stringify(plain.toJSON())).not.toContain('RedriveExecution')
    expect(readFileSync('docs/permissions.md', 'utf8')).not.toContain('RedriveExecution')
  })

  it('has buckets that speak TLS only, to nobody outside', () => {
    plain.allResourcesProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    })
    plain.allResourcesProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    })
  })
})

describe('the functions', () => {
  it('are all the states name, the two that close what an execution left, and the one that the command calls', () => {
    const names = functionsOf(plain).map(({ FunctionName }) => FunctionName)
    expect(names.sort()).toEqual(
      [...FUNCTIONS, 'ExecutionEndedFunction', 'SweepAccessFunction', 'ChangeRunFunction']
        .map((name) => `Sampan-${name.replace(/Function$/, '')}`)
        .sort(),
    )
  })

  it('run on Node.js 24 and arm64, traced, with JSON logs in a group with retention', () => {
    plain.resourcePropertiesCountIs(
      'AWS::Lambda::Function',
      {
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: Match.stringLikeRegexp('^FunctionsLogs') } },
      },
      Object.keys(FUNCTION_SETTINGS).length,
    )
    plain.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 })
  })

  it('have concurrency reserved where they close, judge and report, where the deployment asks for it', () => {
    const reserved = (template: typeof plain) =>
      Object.values(template.findResources('AWS::Lambda::Function')).flatMap(({ Properties }) =>
        Properties.ReservedConcurrentExecutions === undefined ? [] : [Properties.FunctionName],
      )
    expect(reserved(plain)).toEqual([])
    const names = ['CloseAccess', 'ExecutionEnded', 'FinishReport', 'JudgeCrash', 'Report', 'SweepAccess']
    expect(reserved(synthesise({ reserveConcurrency: true })).sort()).toEqual(names.map((name) => `Sampan-${name}`))
  })

  it('end by themselves before their state stops waiting', () => {
    const waits = new Map<string, number>()
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      const { FunctionName, TimeoutSeconds } = taskOf(value)
      if (FunctionName && TimeoutSeconds) {
        waits.set(FunctionName, Math.min(TimeoutSeconds, waits.get(FunctionName) ?? TimeoutSeconds))
      }
      for (const child of Object.values(value)) visit(child)
    }
    visit(toDefinition())
    expect(waits.size).toBe(FUNCTIONS.length)
    for (const [name, seconds] of waits) {
      const found = functionsOf(plain).find(({ FunctionName }) => FunctionName === `Sampan-${name}`)
      expect(found?.Timeout, name).toBeLessThanOrEqual(seconds)
    }
  })

  it('that copy and compare have the memory of the deployment’s size, and tasks its number of lanes', () => {
    const lane = (template: typeof plain) =>
      functionsOf(template).find(({ FunctionName }) => FunctionName === 'Sampan-CopyLane')
    expect(lane(plain)).toMatchObject({
      MemorySize: 1024,
      Environment: { Variables: { SAMPAN_DEFAULT_LANES: '4' } },
    })
    expect(lane(inVpc)).toMatchObject({
      MemorySize: 3538,
      Environment: { Variables: { SAMPAN_DEFAULT_LANES: '32' } },
    })
  })

  it('that talk to databases run in the VPC; those that open and close do not, so that they work without its way out', () => {
    const outside = functionsOf(inVpc)
      .filter(({ VpcConfig }) => VpcConfig === undefined)
      .map(({ FunctionName }) => FunctionName.replace('Sampan-', ''))
    expect(outside.sort()).toEqual(
      [
        ...[
          'CloseAccess',
          'ExecutionEnded',
          'JudgeCrash',
          'KeepError',
          'OpenAccess',
          'ReadTask',
          'SweepAccess',
          'TakeDatabase',
        ],
      ].sort(),
    )
    expect(functionsOf(plain).filter(({ VpcConfig }) => VpcConfig !== undefined)).toEqual([])
  })

  it('know the addresses they leave by and their security group, where they are in a VPC', () => {
    for (const { Environment } of functionsOf(inVpc)) {
      expect(Environment.Variables).toMatchObject({
        SAMPAN_EGRESS_ADDRESSES: '203.0.113.7,203.0.113.8',
        SAMPAN_WORKER_SECURITY_GROUP: { 'Fn::GetAtt': [expect.stringMatching(/^NetworkWorkers/), 'GroupId'] },
        SAMPAN_WORKER_VPCS: 'vpc-0123456789abcdef0',
      })
    }
    const byAddress = synthesise({ network: { ...EXISTING, sourceBy: 'addresses' } })
    for (const { Environment } of functionsOf(byAddress)) {
      expect(Environment.Variables).not.toHaveProperty('SAMPAN_WORKER_SECURITY_GROUP')
    }
  })

  it('let nothing in, and out only to APIs and databases', () => {
    inVpc.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0)
    inVpc.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: Match.absent(),
      SecurityGroupEgress: [Match.objectLike({ ToPort: 443 }), Match.objectLike({ ToPort: 5432 })],
    })
  })
})

function taskOf(value: object): { readonly FunctionName?: string; readonly TimeoutSeconds?: number } {
  const { Parameters, TimeoutSeconds } = value as {
    readonly Parameters?: { readonly FunctionName?: unknown }
    readonly TimeoutSeconds?: unknown
  }
  const name = /^\$\{(.+)Function\}$/.exec(String(Parameters?.FunctionName))?.[1]
  return name && typeof TimeoutSeconds === 'number' ? { FunctionName: name, TimeoutSeconds } : {}
}

describe('the state machine', () => {
  it('is Standard, logged whole, traced, and called as the stack is', () => {
    plain.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: 'Sampan',
      StateMachineType: 'STANDARD',
      LoggingConfiguration: { Level: 'ALL' },
      TracingConfiguration: { Enabled: true },
    })
  })

  it('is the definition of statemachine/, each of its functions put in', () => {
    const [machine] = Object.values(plain.findResources('AWS::StepFunctions::StateMachine'))
    const { DefinitionString, DefinitionSubstitutions } = machine?.Properties ?? {}
    expect(JSON.parse(String(DefinitionString))).toEqual(toDefinition())
    expect(Object.keys(DefinitionSubstitutions).sort()).toEqual([...FUNCTIONS].sort())
    for (const [name, arn] of Object.entries(DefinitionSubstitutions)) {
      expect(flat(arn)).toMatch(new RegExp(`^<Functions${name.replace(/Function$/, '')}[0-9A-F]{8}\\.Arn>$`))
    }
  })

  it('says where its documents are, for the command', () => {
    plain.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      Tags: Match.arrayWith([Match.objectLike({ Key: 'sampan:artefacts' })]),
    })
  })
})

describe('starting', () => {
  it('an event "Migration Requested" on the stack’s own bus starts the task in its detail', () => {
    plain.hasResourceProperties('AWS::Events::EventBus', { Name: 'Sampan' })
    plain.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: { Ref: Match.stringLikeRegexp('^StartingBus') },
      EventPattern: { 'detail-type': ['Migration Requested'], account: [{ Ref: 'AWS::AccountId' }] },
      Targets: [
        Match.objectLike({
          // A second delivery has the same id.
          InputTransformer: {
            InputPathsMap: { id: '$.id', detail: '$.detail' },
            InputTemplate: '{"event":<id>,"task":<detail>}',
          },
          RetryPolicy: { MaximumEventAgeInSeconds: 86400, MaximumRetryAttempts: 185 },
          DeadLetterConfig: Match.anyValue(),
        }),
      ],
    })
  })

  it('on the account’s default bus, where anybody may put events, only the sources start one that the deployment names', () => {
    const onDefaultBus = (template: Template) =>
      Object.values(template.findResources('AWS::Events::Rule'))
        .map(({ Properties }) => Properties)
        .filter(
          ({ EventBusName, EventPattern }) =>
            EventBusName === undefined && EventPattern?.['detail-type']?.includes('Migration Requested'),
        )
    expect(onDefaultBus(plain)).toEqual([])
    const named = synthesise({ eventSources: ['my.pipeline'] })
    expect(onDefaultBus(named).map(({ EventPattern }) => EventPattern)).toEqual([
      expect.objectContaining({ source: ['my.pipeline'], account: [{ Ref: 'AWS::AccountId' }] }),
    ])
  })

  it('functions know which secrets a task may name, and to which hosts TLS may be unverified', () => {
    const variables = (template: Template) =>
      Object.values(template.findResources('AWS::Lambda::Function', { Properties: { Handler: 'index.handler' } }))
        .map(({ Properties }) => Properties.Environment?.Variables ?? {})
        .filter(({ SAMPAN_STACK }) => SAMPAN_STACK !== undefined)
    expect(new Set(variables(plain).map(({ SAMPAN_SECRETS }) => SAMPAN_SECRETS))).toEqual(new Set(['sampan/*']))
    const home = JSON.stringify({ 'Fn::Join': ['', [{ Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }]] })
    expect(new Set(variables(plain).map((one) => JSON.stringify(one.SAMPAN_STACK_HOME)))).toEqual(new Set([home]))
    const named = variables(
      synthesise({
        secrets: ['a', 'b/*'],
        unverifiedHosts: ['*.old.example'],
        broadestBlock: { ipv4: 12 },
        hosts: ['db.example'],
      }),
    )
    expect(named.length).toBeGreaterThan(20)
    for (const one of named)
      expect(one).toMatchObject({
        SAMPAN_SECRETS: 'a,b/*',
        SAMPAN_UNVERIFIED_HOSTS: '*.old.example',
        SAMPAN_HOSTS: 'db.example',
        SAMPAN_BROADEST_BLOCK: '12,32',
      })
  })

  it('a schedule starts its task once, at its time, as a role that only this group’s schedules may take', () => {
    const event = '<aws.scheduler.schedule-arn> <aws.scheduler.scheduled-time>'
    inVpc.hasResourceProperties('AWS::Scheduler::Schedule', {
      Name: 'tonight',
      ScheduleExpression: 'at(2026-12-24T02:00:00)',
      ScheduleExpressionTimezone: 'Asia/Singapore',
      Target: Match.objectLike({ Input: JSON.stringify({ event, task: TASK }) }),
    })
    inVpc.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          Match.objectLike({
            Principal: { Service: 'scheduler.amazonaws.com' },
            Condition: { StringEquals: Match.objectLike({ 'aws:SourceAccount': { Ref: 'AWS::AccountId' } }) },
          }),
        ],
      },
    })
  })
})

describe('closing', () => {
  it('an execution that ended, however it ended, is closed within a day of attempts', () => {
    plain.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          status: ['FAILED', 'TIMED_OUT', 'ABORTED', 'SUCCEEDED'],
          stateMachineArn: [{ Ref: Match.stringLikeRegexp('^WorkflowStateMachine') }],
        },
      },
      Targets: [
        Match.objectLike({
          Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^FunctionsExecutionEnded'), 'Arn'] },
          RetryPolicy: { MaximumEventAgeInSeconds: 86400, MaximumRetryAttempts: 185 },
          DeadLetterConfig: Match.anyValue(),
        }),
      ],
    })
  })

  it('depends on nothing that an event may lack: not on the execution’s input', () => {
    const rules = JSON.stringify(plain.findResources('AWS::Events::Rule'))
    expect(rules).not.toContain('$.detail.input')
  })

  it('a sweep runs every 15 minutes', () => {
    plain.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(15 minutes)',
      Target: Match.objectLike({
        Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^FunctionsSweepAccess'), 'Arn'] },
        DeadLetterConfig: Match.anyValue(),
      }),
    })
  })

  it('a call that failed three times is kept in the queue', () => {
    for (const name of ['ExecutionEnded', 'SweepAccess']) {
      plain.hasResourceProperties('AWS::Lambda::Function', {
        FunctionName: `Sampan-${name}`,
        DeadLetterConfig: { TargetArn: Match.anyValue() },
      })
    }
    plain.resourcePropertiesCountIs('AWS::Lambda::EventInvokeConfig', { MaximumRetryAttempts: 2 }, 2)
  })
})

describe('watching', () => {
  it('every alarm goes to the topic, and the topic lets alarms in', () => {
    const topic = Object.keys(plain.findResources('AWS::SNS::Topic'))[0]
    plain.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [{ Ref: topic }] })
    plain.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Sid: 'AlarmsMayPublish',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ]),
      },
    })
  })

  it('a failed execution is told with its code and its cause, which has the remedy', () => {
    const topic = Object.keys(plain.findResources('AWS::SNS::Topic'))[0]
    plain.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({ detail: Match.objectLike({ status: ['FAILED'] }) }),
      Targets: [
        {
          Id: 'Topic',
          Arn: { Ref: topic },
          InputTransformer: {
            InputPathsMap: { name: '$.detail.name', error: '$.detail.error', cause: '$.detail.cause' },
            InputTemplate: '{"stack": "Sampan", "execution": <name>, "code": <error>, "message": <cause>}',
          },
        },
      ],
    })
    plain.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Sid: 'FailuresMayBeTold', Principal: { Service: 'events.amazonaws.com' } }),
        ]),
      },
    })
  })

  it('half of a retry window, lanes that bring nothing and rules that stay open raise alarms that name code and remedy', () => {
    const metric = (MetricName: string) => [
      Match.objectLike({ MetricStat: Match.objectLike({ Metric: Match.objectLike({ MetricName }) }) }),
    ]
    for (const [name, code, more] of [
      ['RetryHalfUsed', 'RETRY_HALF_USED', { Metrics: metric('RetriesLate'), Threshold: 1 }],
      ['NoProgress', 'NO_PROGRESS', { Metrics: metric('BytesOfAll'), EvaluationPeriods: 3 }],
      ['AccessOpenLong', 'ACCESS_OPEN_LONG', { MetricName: 'RulesOpen', EvaluationPeriods: 24, Statistic: 'Minimum' }],
    ] as const) {
      plain.hasResourceProperties('AWS::CloudWatch::Alarm', {
        AlarmName: `Sampan-${name}`,
        AlarmDescription: Match.stringLikeRegexp(`^${code}: .* Remedy: `),
        TreatMissingData: 'notBreaching',
        ...more,
      })
    }
    plain.hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern: '{ ($.verdict = "retry") && ($.windowUsed >= 0.5) }',
    })
    // A default would count every other line of the log as a lane that brings nothing.
    plain.hasResourceProperties('AWS::Logs::MetricFilter', {
      MetricTransformations: [{ MetricName: 'BytesOfAll', MetricNamespace: 'Sampan', MetricValue: '$.BytesCopied' }],
    })
  })

  it('a sweep that does not run any more raises an alarm', () => {
    plain.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'Sampan-SweepMissing',
      ComparisonOperator: 'LessThanThreshold',
      // Not "breaching": before the first sweep there is no datum, and nobody is to be woken.
      TreatMissingData: 'missing',
      InsufficientDataActions: [{ Ref: Match.anyValue() }],
    })
  })

  it('a run that was stopped raises an alarm, one that the precheck refused does not', () => {
    plain.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'Sampan-RunStopped',
      MetricName: 'ExecutionsAborted',
      TreatMissingData: 'notBreaching',
    })
    plain.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'Sampan-RunFailed',
      Metrics: Match.arrayWith([
        Match.objectLike({ Expression: 'failed - FILL(refused, 0)' }),
        Match.objectLike({ MetricStat: { Metric: Match.objectLike({ MetricName: 'RunsRefused' }) } }),
      ]),
    })
    plain.hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern: '{ ($.message = "RUN_ENDED") && ($.status = "refused") }',
      MetricTransformations: [Match.objectLike({ MetricName: 'RunsRefused', DefaultValue: 0 })],
    })
  })

  it('says that an alarm is over only where the deployment asks for it', () => {
    const loud = synthesise({ alarmsWhenOver: true })
    const topic = Object.keys(loud.findResources('AWS::SNS::Topic'))[0]
    loud.allResourcesProperties('AWS::CloudWatch::Alarm', { OKActions: [{ Ref: topic }] })
    for (const { Properties } of Object.values(plain.findResources('AWS::CloudWatch::Alarm'))) {
      expect(Properties).not.toHaveProperty('OKActions')
    }
  })
})

describe('the rules of a platform', () => {
  const ruled = synthesise({
    tags: { 'cost-centre': '4711' },
    permissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary',
    rolePath: '/migrations/',
  })

  it('every role is bounded, and stands where it should', () => {
    ruled.allResourcesProperties('AWS::IAM::Role', {
      PermissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary',
      Path: '/migrations/',
    })
    for (const { Properties } of Object.values(plain.findResources('AWS::IAM::Role'))) {
      expect(Properties).not.toHaveProperty('PermissionsBoundary')
    }
  })

  it('everything that carries a tag of Sampan’s carries the deployment’s own', () => {
    const tagged = Object.values(ruled.toJSON().Resources as Record<string, { Properties?: object }>).filter(
      ({ Properties }) => JSON.stringify(Properties ?? {}).includes('sampan:stack'),
    )
    expect(tagged.length).toBeGreaterThan(40)
    for (const { Properties } of tagged) expect(JSON.stringify(Properties)).toMatch(/cost-centre.{0,20}4711/)
  })

  it('counts tries and failures out of the log of the steps', () => {
    for (const verdict of ['retry', 'failed']) {
      plain.hasResourceProperties('AWS::Logs::MetricFilter', { FilterPattern: `{ $.verdict = "${verdict}" }` })
    }
  })

  it('the dashboard shows the metrics that handlers write', () => {
    const [dashboard] = Object.values(plain.findResources('AWS::CloudWatch::Dashboard'))
    const body = flat(dashboard?.Properties.DashboardBody)
    for (const name of ['RowsCopied', 'BytesCopied', 'ChunksLeft', 'LaneLag', 'RulesOpen', 'Retries', 'FailedSteps']) {
      expect(body).toContain(name)
    }
  })
})
