import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { executionInput } from '../../../core/cloud/executions.ts'
import { type Environment, readEnvironment } from '../../../core/runtime/environment.ts'
import { SampanError, toSampanError } from '../../../core/runtime/errors.ts'
import { toStepError } from '../../../core/runtime/step-error.ts'
import type { StepError } from '../../../core/runtime/verdict.ts'
import { readTask } from '../../../core/task/problems.ts'
import { startOf } from '../../../core/task/start.ts'
import { type ChangedLimits, changeRun, changeSchema, takeFrom } from './change-run.ts'

/**
 * What ChangeRun is called with. Not a task: whose limits are changed, and with which secrets, is what an execution of this stack was
 * started with, so that the right to call this function reaches no other server.
 */
const eventSchema = z.union([
  z.strictObject({ execution: z.string().min(1), limits: changeSchema }),
  z.strictObject({ execution: z.string().min(1), leave: z.literal(true) }),
])

export interface ChangeRunAnswer {
  readonly databases: readonly ChangedLimits[]
  /** Databases that were taken from the execution. */
  readonly left: readonly string[]
  /** Databases that are not made yet, where one was to be taken. */
  readonly missing: readonly string[]
  /** Why it reached some databases and not all. */
  readonly failed: StepError | null
  /** Why it reached none. */
  readonly error: StepError | null
}

const NOTHING: ChangeRunAnswer = { databases: [], left: [], missing: [], failed: null, error: null }

/** Called by `sampan limits --stack` and `sampan stop`, from machines that do not reach the databases. It never fails: it answers with an error. */
export async function handler(event: unknown): Promise<ChangeRunAnswer> {
  try {
    const asked = eventSchema.parse(event)
    const environment = readEnvironment()
    const found = await settled(environment, asked.execution, 'leave' in asked)
    const { task } = readTask(startOf(found.input).task)
    if (task === null) throw noTask(asked.execution)
    if ('limits' in asked) {
      const { execution, limits } = asked
      const { databases, failed } = await changeRun(task, limits, environment, { execution })
      return { ...NOTHING, databases, failed: failed && toStepError(failed) }
    }
    if (found.running) throw stillRuns(asked.execution)
    const { left, missing, failed } = await takeFrom(task, asked.execution, environment)
    return { ...NOTHING, left, missing, failed: failed && toStepError(failed) }
  } catch (thrown) {
    return { ...NOTHING, error: toStepError(toSampanError(thrown)) }
  }
}

/** Step Functions may say of an execution that was just stopped for some seconds that it runs. */
async function settled(environment: Environment, execution: string, stopped: boolean) {
  for (let look = 1; ; look += 1) {
    const found = await executionInput(environment, execution)
    if (!stopped || !found.running || look === STOPPED_LOOKS) return found
    await sleep(LOOK_MILLISECONDS)
  }
}

const STOPPED_LOOKS = 10
const LOOK_MILLISECONDS = 1_000

function noTask(execution: string): SampanError {
  return new SampanError({
    code: 'EXECUTION_WITHOUT_TASK',
    message: `the execution ${execution} was started with what is no task`,
    remedy: 'give the name of another execution',
  })
}

function stillRuns(execution: string): SampanError {
  return new SampanError({
    code: 'EXECUTION_RUNS',
    message: `the execution ${execution} has not been stopped`,
    remedy: 'stop it first: sampan stop does both',
  })
}
