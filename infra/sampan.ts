import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Stack, Stage, Token } from 'aws-cdk-lib'
import type { ISecurityGroup } from 'aws-cdk-lib/aws-ec2'
import type { EventBus } from 'aws-cdk-lib/aws-events'
import { Code } from 'aws-cdk-lib/aws-lambda'
import type { IBucket } from 'aws-cdk-lib/aws-s3'
import type { ITopic } from 'aws-cdk-lib/aws-sns'
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import type { DeploymentOptions } from './deployment-options.ts'
import { Migration, rule } from './migration.ts'
import { readOptions } from './options.ts'

/**
 * The options of a deployment, all with a default that deploys. Account and region are those of the stack. Of a VPC that is there already,
 * `network.egressAddresses` must be given: nothing is looked up while an app is synthesised.
 */
export interface SampanProps extends Omit<DeploymentOptions, 'account' | 'region'> {}

/**
 * The whole migration in a stack of yours: state machine, functions, the bus and the schedules that start it, the nets that close what it
 * opened, alarms. Two of them in one account and region need different values of `name`, by which the command finds them
 * (`sampan start task.json --stack NAME`). esbuild, which bundles the functions, must be installed beside aws-cdk-lib.
 * @example
 * new Sampan(this, 'Sampan', { network: 'create', alarmMails: ['dba@example.com'] })
 */
export class Sampan extends Construct {
  /** Its input is a task. Who may start executions of it may start migrations. */
  readonly stateMachine: IStateMachine
  /** An event `Migration Requested` here, with a task as its detail, starts a migration. */
  readonly eventBus: EventBus
  /** Reports, and the records of what is open. */
  readonly bucket: IBucket
  /** What the alarms are sent to. */
  readonly alarmTopic: ITopic
  /** Of the workers, for the rules of private sources; undefined without a VPC. */
  readonly workerSecurityGroup: ISecurityGroup | undefined
  /** By which the workers come to both servers; none where they leave by addresses that nobody knows. */
  readonly egressAddresses: readonly string[]

  /** @throws Error with every problem of the options, or with esbuild's own words */
  constructor(scope: Construct, id: string, props: SampanProps = {}) {
    super(scope, id)
    const { region } = Stack.of(this)
    const options = readOptions({ ...props, ...(Token.isUnresolved(region) ? {} : { region }) })
    const { network } = options
    if (network !== null && !network.create && network.egressAddresses === 'discover')
      throw new Error(
        'the options of the deployment are wrong:\n' +
          '  network.egressAddresses: must be given, an empty list if the workers reach ApsaraDB by a private way',
      )
    const directory = bundled(this)
    const migration = new Migration(this, { options, code: (name) => Code.fromAsset(join(directory, name)) })
    rule(this, options)
    this.stateMachine = migration.stateMachine
    this.eventBus = migration.starting.bus
    this.bucket = migration.bucket
    this.alarmTopic = migration.watching.topic
    this.workerSecurityGroup = migration.workplace?.securityGroup
    this.egressAddresses = migration.workplace?.egressAddresses ?? []
  }
}

/** Where each app has its functions, bundled once. */
const bundles = new Map<string, string>()

/** The directory of the functions' code, one in it for each, in what the app writes. @throws Error with esbuild's own words */
function bundled(construct: Construct): string {
  const outdir = Stage.of(construct)?.outdir
  if (outdir === undefined) throw new Error('Sampan must stand in an App or a Stage')
  const known = bundles.get(outdir)
  if (known !== undefined) return known
  const out = join(outdir, 'sampan-functions')
  const program = fileURLToPath(new URL('./bundle-functions.ts', import.meta.url))
  execFileSync(process.execPath, [program, out], { stdio: ['ignore', 'ignore', 'inherit'] })
  bundles.set(outdir, out)
  return out
}
