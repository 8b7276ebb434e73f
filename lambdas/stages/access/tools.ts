import { type ArtefactStore, artefacts } from '../../core/cloud/artefacts.ts'
import type { Environment } from '../../core/runtime/environment.ts'
import type { StepLogger } from '../../core/runtime/logging.ts'
import { EXECUTION_TAG, STACK_TAG } from './tags.ts'

/** What opening and closing work with. */
export interface AccessTools {
  readonly environment: Environment
  readonly signal: AbortSignal
  readonly clock: () => Date
  readonly logger: StepLogger
  /** The longest a change is waited for until reading shows it, milliseconds. @default 90000 */
  readonly settleMilliseconds?: number
}

export const storeOf = (tools: AccessTools): ArtefactStore => artefacts(tools.environment)

/** What runs on one machine, without a stack. */
export const LOCAL_STACK = 'local'

/** Whose rules these are, `Sampan:us-east-1:111122223333`: two stacks leave each other's alone, also those of one name in two regions. */
export function stackOf({ SAMPAN_STACK: stack, SAMPAN_STACK_HOME: home }: Environment): string {
  if (stack === undefined) return LOCAL_STACK
  return home === undefined ? stack : `${stack}:${home}`
}

/** Whether this is the stack's bare name, as rules had it before region and account were in it: any stack of the name may have written it. */
export const isBareName = (stack: string, environment: Environment): boolean =>
  stack === environment.SAMPAN_STACK && stack !== stackOf(environment)

/** Whether a rule with these tags is this execution's: another stack may have an execution of the same name. */
export function isOfExecution(
  tags: Readonly<Record<string, string>>,
  execution: string,
  { environment }: Pick<AccessTools, 'environment'>,
): boolean {
  const stack = tags[STACK_TAG]
  const isOurs = stack === undefined || stack === stackOf(environment) || isBareName(stack, environment)
  return isOurs && tags[EXECUTION_TAG] === execution
}

/** When what is opened now may be removed by the sweep, whatever its execution does. */
export function expiryOf(tools: AccessTools): string {
  const hours = Number(tools.environment.SAMPAN_ACCESS_HOURS ?? 168)
  return new Date(tools.clock().getTime() + hours * 3_600_000).toISOString()
}

/** Inbound rules a security group may have, IPv4 and IPv6 each. */
export const rulesPerGroup = (environment: Environment): number => Number(environment.SAMPAN_RULES_PER_GROUP ?? 60)

/** A list of servers has none broader: Shenzhen really publishes three /16. */
const BROADEST_OF_A_STACK = '16,32'

/** Prefix lengths of the broadest blocks a task may open; `undefined` on one machine, where task and decision are the same person's. */
export function broadestBlock(environment: Environment): Readonly<Record<4 | 6, number>> | undefined {
  const { SAMPAN_STACK: stack, SAMPAN_BROADEST_BLOCK: given } = environment
  if (stack === undefined) return undefined
  const [ipv4, ipv6] = (given ?? BROADEST_OF_A_STACK).split(',').map(Number)
  return { 4: ipv4 ?? 16, 6: ipv6 ?? 32 }
}
