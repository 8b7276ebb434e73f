import { InvalidArgumentError, Option } from 'commander'
import { AwsError, awsCall } from '../../lambdas/core/cloud/aws-errors.ts'
import { sfn } from '../../lambdas/core/cloud/sfn-client.ts'
import { listed } from '../../lambdas/core/present/listed.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { requireRegion } from './own-region.ts'

/** The package and the client of its region: loaded only by the commands that need them. */
type StepFunctions = Awaited<ReturnType<typeof sfn>>

/** Which state machine a command speaks to. */
export interface StateMachineOptions {
  readonly stack?: string
  readonly stateMachine?: string
  readonly region?: string
}

export const stateMachineOptions = (): readonly Option[] => [
  new Option('--stack <name>', 'the deployed stack').default('Sampan').argParser(toStack),
  new Option('--state-machine <arn>', 'its state machine, instead of --stack').argParser(toMachine),
  new Option('--region <region>', 'where it is deployed; default AWS_REGION, then the AWS profile’s').argParser(
    toRegion,
  ),
]

function toStack(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('give the name of the stack')
}

function toMachine(text: string): string {
  if (/^arn:[\w-]+:states:[\w-]+:\d+:stateMachine:[^:]+$/.test(text)) return text
  throw new InvalidArgumentError('give arn:aws:states:REGION:ACCOUNT:stateMachine:NAME')
}

/** A part of a host name. */
export function toRegion(text: string): string {
  if (/^[a-z\d]+(-[a-z\d]+)+$/.test(text)) return text
  throw new InvalidArgumentError('give a region, such as us-east-1')
}

/** A state machine, and how to speak to it. */
export interface StateMachine extends StepFunctions {
  readonly arn: string
}

/**
 * Finds the state machine: by its ARN or that of an execution of it, or by its name, which is the stack's.
 * @throws SampanError AWS_REGION_UNKNOWN, STACK_NOT_FOUND or an AWS error
 */
export async function findStateMachine(options: StateMachineOptions, execution = ''): Promise<StateMachine> {
  const known = options.stateMachine ?? machineOf(execution)
  const region = known?.split(':')[3] || options.region || (await requireRegion())
  const service = await sfn(process.env, region)
  if (known !== undefined) return { arn: known, ...service }
  const stack = options.stack ?? 'Sampan'
  const all = await listStateMachines(service)
  // Never one whose name only begins with it: Sampan-prod is another stack.
  const machine = all.find(({ name }) => name === stack)
  if (machine === undefined) {
    throw new SampanError({
      code: 'STACK_NOT_FOUND',
      message: `there is no state machine of a stack ${stack} in ${region}`,
      remedy: `deploy it with npx cdk deploy, or correct --stack, --region or the AWS profile${near(all, stack)}`,
    })
  }
  return { arn: machine.arn, ...service }
}

/** State machines of other stacks, as their names begin alike. */
function near(all: readonly { readonly name: string }[], stack: string): string {
  const names = all.map(({ name }) => name).filter((name) => name.startsWith(stack))
  return names.length === 0 ? '' : `; there is ${listed(names)}`
}

async function listStateMachines({ client, sdk }: StepFunctions): Promise<readonly { name: string; arn: string }[]> {
  const found: { name: string; arn: string }[] = []
  let nextToken: string | undefined
  do {
    const command = new sdk.ListStateMachinesCommand({ maxResults: 1000, ...(nextToken ? { nextToken } : {}) })
    const page = await awsCall('list the state machines', () => client.send(command))
    for (const { name, stateMachineArn } of page.stateMachines ?? []) {
      if (name !== undefined && stateMachineArn !== undefined) found.push({ name, arn: stateMachineArn })
    }
    nextToken = page.nextToken
  } while (nextToken)
  return found
}

/** Asks about one execution. @throws SampanError EXECUTION_UNKNOWN or an AWS error */
export async function ofExecution<Answer>(arn: string, doing: string, call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await awsCall(doing, call)
  } catch (thrown) {
    if (!(thrown instanceof AwsError) || !UNKNOWN.has(thrown.awsCode)) throw thrown
    throw new SampanError({
      code: 'EXECUTION_UNKNOWN',
      message: `there is no execution ${arn}`,
      remedy:
        'sampan status lists the latest ten; correct the name, --stack or --region: one that ended is kept for 90 days',
      cause: thrown,
    })
  }
}

const UNKNOWN = new Set(['ExecutionDoesNotExist', 'InvalidArn'])

/** `undefined` where it is no ARN. */
function machineOf(execution: string): string | undefined {
  const [, ahead, name] = /^(arn:[^:]+:states:[^:]+:\d+):execution:([^:]+):.+$/.exec(execution) ?? []
  return name === undefined ? undefined : `${ahead}:stateMachine:${name}`
}

/** The ARN of an execution: as given, or made of the state machine's and the execution's name. */
export function executionArn(machine: StateMachine, execution: string): string {
  if (execution.startsWith('arn:')) return execution
  return `${machine.arn.replace(':stateMachine:', ':execution:')}:${execution}`
}

/** Where the stack keeps the runs' documents, `s3://bucket/prefix`: the stack writes it into a tag of its state machine. */
export async function artefactsOf({ arn, client, sdk }: StateMachine): Promise<string | null> {
  const command = new sdk.ListTagsForResourceCommand({ resourceArn: arn })
  const { tags } = await awsCall('read the tags of the state machine', () => client.send(command))
  return tags?.find(({ key }) => key === ARTEFACTS_TAG)?.value ?? null
}

/** The tag of the state machine that names the place of the runs' documents. */
const ARTEFACTS_TAG = 'sampan:artefacts'
