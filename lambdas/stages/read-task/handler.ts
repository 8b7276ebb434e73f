import { artefacts } from '../../core/cloud/artefacts.ts'
import { keepDatabases } from '../../core/cloud/database-list.ts'
import { firstStartOf } from '../../core/cloud/first-start.ts'
import type { Environment } from '../../core/runtime/environment.ts'
import type { DatabaseList, RunIdentity } from '../../core/runtime/event.ts'
import { type RetryingEvent, stepHandler } from '../../core/runtime/step-handler.ts'
import { done, failed } from '../../core/runtime/verdict.ts'
import { type Deployment, deployedProblems } from '../../core/task/deployed-rules.ts'
import { formatProblem, type Problem, readTask } from '../../core/task/problems.ts'
import { isRecord } from '../../core/task/rule.ts'
import { startOf } from '../../core/task/start.ts'
import type { Task } from '../../core/task/task.ts'

/** What the state machine calls ReadTask with: the execution input, of which nothing is known yet. */
export interface ReadTaskEvent extends RetryingEvent {
  /** The execution input as it came. */
  readonly input: unknown
  /** `$$.Execution.Name`. */
  readonly execution: string
}

/** What ReadTask puts into the state, or that its event has started another execution before. */
export type ReadTaskOutput = AcceptedTask | RepeatedStart

interface RepeatedStart {
  readonly repeated: true
  /** The one that was first: it does the work, or did. */
  readonly startedBefore: string
}

interface AcceptedTask {
  readonly repeated: false
  readonly run: RunIdentity
  /** Without its databases, for which the state has no room. */
  readonly task: Task
  readonly list: DatabaseList
  /** For the Databases map: their places in the list. */
  readonly databases: readonly number[]
}

/** How many problems the error carries: it is kept in the history and shown in the console. */
const SHOWN = 10

/**
 * The first state: reads the execution input and fills in the defaults. A wrong task fails with TASK_INVALID before
 * anything is opened. The second delivery of an event ends here, before it could take the run from the first.
 */
export const handler = stepHandler<ReadTaskOutput, ReadTaskEvent>('ReadTask', async (asked, step) => {
  const { execution } = asked
  const { event, task: input } = startOf(asked.input)
  const store = artefacts(step.environment)
  if (event !== null) {
    const first = await firstStartOf(store, event, execution)
    if (first !== execution) {
      step.logger.info('START_REPEATED', { event, startedBefore: first })
      return done({ repeated: true, startedBefore: first })
    }
  }
  const { task, problems } = readTask(withLanes(input, step.environment.SAMPAN_DEFAULT_LANES))
  const deployment = deploymentOf(step.environment)
  const forbidden = deployment === null ? [] : deployedProblems(input, deployment)
  const all = [...forbidden, ...problems, ...inlinePasswords(input)]
  if (task === null || all.length > 0) return failed(taskInvalid(all))
  const run = { id: task.name, execution }
  return done({
    repeated: false,
    run,
    task: { ...task, databases: [] },
    list: await keepDatabases(store, run, task.databases),
    databases: task.databases.map((_, place) => place),
  })
})

/** What the stack allows; null on one machine, where the task and the machine are the same person's. */
function deploymentOf(environment: Environment): Deployment | null {
  const { SAMPAN_SECRETS: secrets, AWS_LAMBDA_FUNCTION_NAME: lambda } = environment
  if (secrets === undefined && lambda === undefined) return null
  const list = (text: string | undefined) => text?.split(',').map((one) => one.trim()) ?? []
  const hosts = (text: string | undefined) => list(text).map((host) => host.toLowerCase())
  return {
    secrets: list(secrets),
    unverifiedHosts: hosts(environment.SAMPAN_UNVERIFIED_HOSTS),
    hosts: hosts(environment.SAMPAN_HOSTS),
  }
}

/** Lanes that are counted may become so many times what a deployment's size has by default. */
const COUNTED_TIMES = 4
const MOST_LANES = 64

/** The size of a deployment says how many lanes a task has that names no number itself, and how many may be counted. */
function withLanes(input: unknown, lanes: string | undefined): unknown {
  if (!isRecord(input) || lanes === undefined) return input
  if (input.lanes === undefined) return { ...input, lanes: Number(lanes) }
  return input.lanes === 'auto' && input.mostLanes === undefined
    ? { ...input, mostLanes: Math.min(MOST_LANES, COUNTED_TIMES * Number(lanes)) }
    : input
}

/** The execution's history keeps its input for 90 days, readable to whoever may read the execution. */
function inlinePasswords(input: unknown): readonly Problem[] {
  return ['source', 'destination'].flatMap((side) => {
    const fields = isRecord(input) ? input[side] : undefined
    if (!isRecord(fields) || fields.password === undefined) return []
    return {
      path: `${side}.password`,
      code: 'TASK_PASSWORD_IN_HISTORY',
      message: 'would be kept in the execution’s history',
      remedy: 'store it in Secrets Manager and give secret instead; and change the password, it has been written down',
    }
  })
}

function taskInvalid(problems: readonly Problem[]) {
  const lines = problems.slice(0, SHOWN).map(formatProblem)
  if (problems.length > SHOWN) lines.push(`and ${problems.length - SHOWN} more: sampan validate lists all`)
  return {
    kind: 'other' as const,
    code: 'TASK_INVALID',
    message: lines.join('\n'),
    remedy: 'correct the task and start again; `sampan validate` checks it beforehand',
  }
}
