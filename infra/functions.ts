import { ArnFormat, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib'
import type { ISecurityGroup, ISubnet, IVpc } from 'aws-cdk-lib/aws-ec2'
import { PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  ApplicationLogLevel,
  Architecture,
  CfnFunction,
  type Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import type { IBucket } from 'aws-cdk-lib/aws-s3'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { EnvironmentVariables } from '../lambdas/core/runtime/environment.ts'
import { type AnyFunctionName, CLOSING_FUNCTIONS, FUNCTION_SETTINGS } from './function-settings.ts'
import { logGroupOf } from './log-group.ts'
import { acceptWildcards } from './nag.ts'
import { type Options, SIZES } from './options.ts'
import { assertEnvironmentFits, assertPolicyFits } from './quotas.ts'
import { statementsFor } from './rights.ts'
import { sourceRoleOf } from './source-account.ts'

/** Lanes must not keep these from working, where the account has room to reserve it. */
const ALWAYS_CALLABLE: readonly AnyFunctionName[] = [
  ...CLOSING_FUNCTIONS,
  'CloseAccessFunction',
  'ReportFunction',
  'FinishReportFunction',
  'JudgeCrashFunction',
]

/** Where the functions run, if in a VPC. */
export interface Workplace {
  readonly vpc: IVpc
  readonly subnets: readonly ISubnet[]
  readonly securityGroup: ISecurityGroup
  readonly egressAddresses: readonly string[]
  /** How the workers come in to the source. */
  readonly sourceBy: 'auto' | 'group' | 'addresses'
  /** This VPC, and those it is joined to by the stack itself. */
  readonly vpcIds: readonly string[]
}

export interface FunctionsProps {
  readonly options: Options
  /** The code of a function by its name. */
  readonly code: (name: AnyFunctionName) => Code
  readonly bucket: IBucket
  /** Of the machine that is made afterwards. */
  readonly stateMachineArn: string
  readonly stateMachineName: string
  readonly workplace: Workplace | undefined
  readonly key: IKey | undefined
  readonly removalPolicy: RemovalPolicy
  /** Takes the calls of the closing functions that failed for good. */
  readonly deadLetters: IQueue
}

/** All functions, each with a role of its own and one log group for all: a run’s story is read in one place. */
export class Functions extends Construct {
  readonly all: ReadonlyMap<AnyFunctionName, LambdaFunction>
  readonly logGroup: ILogGroup
  private readonly props: FunctionsProps

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id)
    this.props = props
    const { options, removalPolicy, key } = props
    const prefix = `/sampan/${options.name}/functions`
    this.logGroup = logGroupOf(this, { prefix, existing: options.logGroups.functions, options, removalPolicy, key })
    const names = Object.keys(FUNCTION_SETTINGS) as AnyFunctionName[]
    this.all = new Map(names.map((name) => [name, this.make(name)]))
  }

  /** @throws Error for a name without settings, which the type already forbids */
  get(name: AnyFunctionName): LambdaFunction {
    const found = this.all.get(name)
    if (!found) throw new Error(`there is no function ${name}`)
    return found
  }

  private make(name: AnyFunctionName): LambdaFunction {
    const { options, code, key, workplace, deadLetters } = this.props
    const settings = FUNCTION_SETTINGS[name]
    const id = name.replace(/Function$/, '')
    const functionName = `${options.name}-${id}`
    // Called by events, so nobody sees that it failed; Lambda itself tries twice more and then keeps the call.
    const unattended = (CLOSING_FUNCTIONS as readonly string[]).includes(name)
    const environment = present(this.environment(name, unattended))
    assertEnvironmentFits(this, functionName, environment, options)
    const made = new LambdaFunction(this, id, {
      functionName,
      description: settings.purpose,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: code(name),
      memorySize: settings.memory === 'lane' ? SIZES[options.size].megabytes : settings.memory,
      timeout: Duration.seconds(settings.timeout),
      environment,
      role: this.role(name, id, functionName, unattended).withoutPolicyUpdates(),
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.WARN,
      ...(key ? { environmentEncryption: key } : {}),
      ...(settings.inVpc && workplace ? placed(workplace) : {}),
      ...(options.reserveConcurrency && ALWAYS_CALLABLE.includes(name) ? { reservedConcurrentExecutions: 2 } : {}),
      ...(unattended ? { retryAttempts: 2, maxEventAge: Duration.hours(6), deadLetterQueue: deadLetters } : {}),
    })
    // The construct’s own `tracing` would add a statement without an id to a role that is complete.
    const resource = made.node.defaultChild
    if (resource instanceof CfnFunction) resource.tracingConfig = { mode: 'Active' }
    return made
  }

  /** The rights of a function are written into its role, so that they are there when the function is made. */
  private role(name: AnyFunctionName, id: string, functionName: string, unattended: boolean): Role {
    const { options, bucket, stateMachineName, key, workplace, deadLetters } = this.props
    const { inVpc, rights } = FUNCTION_SETTINGS[name]
    const stack = Stack.of(this)
    const statements: PolicyStatement[] = statementsFor(
      {
        stack,
        options,
        functionName,
        stateMachineName,
        logGroupArn: stack.formatArn({
          service: 'logs',
          resource: 'log-group',
          resourceName: this.logGroup.logGroupName,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
        bucketArn: bucket.bucketArn,
        inVpc: inVpc && workplace !== undefined,
        keyArn: key?.keyArn,
        deadLetterArn: unattended ? deadLetters.queueArn : undefined,
      },
      rights,
    )
    assertPolicyFits(this, functionName, statements, options)
    const role = new Role(this, `${id}Role`, {
      description: `What ${functionName} may do`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { Rights: new PolicyDocument({ statements, minimize: false }) },
    })
    acceptWildcards(role, stack, statements)
    return role
  }

  /** None of it is secret, and a function does not read what it does not need. */
  private environment(name: AnyFunctionName, unattended: boolean): EnvironmentVariables {
    const { options, bucket, stateMachineArn, workplace } = this.props
    const role = sourceRoleOf(name, options)
    return {
      SAMPAN_STACK: options.name,
      SAMPAN_STACK_HOME: `${Stack.of(this).region}:${Stack.of(this).account}`,
      SAMPAN_ARTEFACTS: `s3://${bucket.bucketName}`,
      SAMPAN_SECRETS: options.secrets.join(','),
      ...(options.unverifiedHosts.length > 0 ? { SAMPAN_UNVERIFIED_HOSTS: options.unverifiedHosts.join(',') } : {}),
      ...(options.hosts.length > 0 ? { SAMPAN_HOSTS: options.hosts.join(',') } : {}),
      SAMPAN_BROADEST_BLOCK: `${options.broadestBlock.ipv4},${options.broadestBlock.ipv6}`,
      SAMPAN_ACCESS_HOURS: String(options.accessHours),
      SAMPAN_DEFAULT_LANES: String(SIZES[options.size].lanes),
      ...(unattended || name === 'ChangeRunFunction' ? { SAMPAN_STATE_MACHINE_ARN: stateMachineArn } : {}),
      ...alibabaVariables(options),
      ...(options.temporaryGroups ? { SAMPAN_TEMPORARY_GROUPS: 'allow' as const } : {}),
      ...(role === null || options.sourceRole === null
        ? {}
        : {
            SAMPAN_SOURCE_ROLE: role,
            SAMPAN_SOURCE_EXTERNAL_ID: options.sourceRole.externalId,
            SAMPAN_WORKER_ACCOUNT: Stack.of(this).account,
          }),
      SAMPAN_RULES_PER_GROUP: String(options.rulesPerGroup),
      ...(workplace && workplace.sourceBy !== 'addresses'
        ? { SAMPAN_WORKER_SECURITY_GROUP: workplace.securityGroup.securityGroupId }
        : {}),
      ...(workplace?.sourceBy === 'auto' ? { SAMPAN_WORKER_VPCS: workplace.vpcIds.join(',') } : {}),
      ...(workplace?.egressAddresses.length ? { SAMPAN_EGRESS_ADDRESSES: workplace.egressAddresses.join(',') } : {}),
      POWERTOOLS_SERVICE_NAME: 'sampan',
      POWERTOOLS_METRICS_NAMESPACE: options.name,
    }
  }
}

/** By what Alibaba Cloud is called: a role where one is given, else the access key. */
function alibabaVariables({ alibabaRole, alibabaSecret }: Options): Readonly<Record<string, string>> {
  if (alibabaRole === null) return alibabaSecret === null ? {} : { SAMPAN_ALIBABA_SECRET: alibabaSecret }
  return {
    SAMPAN_ALIBABA_ROLE: alibabaRole.arn,
    SAMPAN_ALIBABA_OIDC_PROVIDER: alibabaRole.provider,
    SAMPAN_ALIBABA_AUDIENCE: alibabaRole.audience,
  }
}

function placed({ vpc, subnets, securityGroup }: Workplace) {
  return { vpc, vpcSubnets: { subnets: [...subnets] }, securityGroups: [securityGroup] }
}

function present(variables: EnvironmentVariables): Record<string, string> {
  const entries = Object.entries(variables).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return Object.fromEntries(entries)
}
