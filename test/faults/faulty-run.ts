import type { TaskOutcome } from '../../cli/run-task.ts'
import type { StepAnswer } from '../../lambdas/core/runtime/verdict.ts'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import type { FunctionName } from '../../statemachine/functions.ts'
import { temporaryDirectory } from '../support/directories.ts'
import { type Call, runWorkflow } from '../support/run.ts'

/** What a step answered. */
export interface Answered extends Call {
  readonly answer: StepAnswer
}

export interface FaultyRun {
  readonly outcome: TaskOutcome
  readonly answers: readonly Answered[]
  /** The answers of one step that were not `done` or `more`, as `verdict kind code`. */
  errorsOf(step: FunctionName): readonly string[]
}

/**
 * Runs a whole migration as `sampan run` does.
 * @param before awaited before every call of a step; what it starts without waiting goes on beside the step
 * @param after called with every answer
 */
export async function runFaulty(
  input: TaskInput,
  before: (step: FunctionName, call: number) => Promise<void> | void,
  after: (answered: Answered) => Promise<void> | void = () => {},
): Promise<FaultyRun> {
  const answers: Answered[] = []
  const outcome = await runWorkflow(input, await temporaryDirectory(), (which, handler) => async (event, context) => {
    await before(which.step, which.call)
    const answered = { ...which, answer: await handler(event, context) }
    answers.push(answered)
    await after(answered)
    return answered.answer
  })
  return {
    outcome,
    answers,
    errorsOf: (step) =>
      answers
        .filter((answered) => answered.step === step && !['done', 'more', 'yield'].includes(answered.answer.verdict))
        .map(({ answer }) => `${answer.verdict} ${answer.window?.kind} ${answer.error?.code}`),
  }
}
