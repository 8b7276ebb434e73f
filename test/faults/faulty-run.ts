import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { StepEvent } from '../../lambdas/runtime/event.ts'
import type { StepAnswer } from '../../lambdas/runtime/verdict.ts'
import { readTask } from '../../lambdas/task/problems.ts'
import type { TaskInput } from '../../lambdas/task/task.ts'
import { newExecutionName } from '../../local/execution-name.ts'
import { type Handlers, loadHandlers } from '../../local/handlers.ts'
import type { LambdaHandler } from '../../local/interpreter/calls.ts'
import { runTask, type TaskOutcome } from '../../local/run-task.ts'
import type { FunctionName } from '../../statemachine/functions.ts'

/** What a step answered. */
export interface Answered {
  readonly step: FunctionName
  readonly call: number
  readonly answer: StepAnswer
}

export interface FaultyRun {
  readonly outcome: TaskOutcome
  readonly answers: readonly Answered[]
  /** The answers of one step that were not `done` or `more`, as `verdict kind code`. */
  errorsOf(step: FunctionName): readonly string[]
}

const directories: string[] = []
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true })
})

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
  const directory = await mkdtemp(join(tmpdir(), 'sampan-test-'))
  directories.push(directory)
  const { task, problems } = readTask(input)
  if (task === null) throw new Error(JSON.stringify(problems))
  const answers: Answered[] = []
  const counts = new Map<string, number>()
  const wrap = ([name, handler]: [string, LambdaHandler]): [string, LambdaHandler] => [
    name,
    async (event: StepEvent, context) => {
      const step = name as FunctionName
      const call = (counts.get(step) ?? 0) + 1
      counts.set(step, call)
      await before(step, call)
      const answer = (await handler(event as never, context)) as StepAnswer
      answers.push({ step, call, answer })
      await after({ step, call, answer })
      return answer
    },
  ]
  const outcome = await runTask({
    input,
    task,
    executionName: newExecutionName(task.name),
    directory,
    display: 'none',
    signal: new AbortController().signal,
    handlers: Object.fromEntries(Object.entries(await loadHandlers()).map(wrap)) as Handlers,
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
