import { newExecutionName } from '../../cli/execution-name.ts'
import { runTask, type TaskOutcome } from '../../cli/run-task.ts'
import type { StepContext } from '../../lambdas/core/runtime/event.ts'
import type { StepAnswer } from '../../lambdas/core/runtime/verdict.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { type Handlers, loadHandlers } from '../../local/handlers.ts'
import type { LambdaHandler } from '../../local/interpreter/calls.ts'
import type { FunctionName } from '../../statemachine/functions.ts'

/** A call of a step. */
export interface Call {
  readonly step: FunctionName
  /** Which call of this step it is, from 1. */
  readonly call: number
}

export type Handler = (event: object, context: StepContext) => Promise<StepAnswer>

/** A server's side of a task, without TLS. */
export function sideOf({ host, port, user, password }: Login) {
  return { host, port, user, password, tls: { mode: 'disable' as const } }
}

/** Where a server is, and who enters. */
export interface Login {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

/**
 * Runs the workflow as `sampan run` does, without its display.
 * @param directory gets everything that the run writes
 * @param around stands around every call of a step
 * @throws Error where the task is wrong
 */
export async function runWorkflow(
  input: TaskInput,
  directory: string,
  around?: (which: Call, handler: Handler) => Handler,
): Promise<TaskOutcome> {
  const { task, problems } = readTask(input)
  if (task === null) throw new Error(JSON.stringify(problems))
  return runTask({
    input,
    task,
    executionName: newExecutionName(task.name),
    directory,
    display: 'none',
    signal: new AbortController().signal,
    ...(around === undefined ? {} : { handlers: surround(await loadHandlers(), around) }),
  })
}

function surround(handlers: Handlers, around: (which: Call, handler: Handler) => Handler): Handlers {
  const counts = new Map<string, number>()
  const entries = Object.entries(handlers).map(([name, handler]): [string, LambdaHandler] => [
    name,
    (event: object, context) => {
      const call = (counts.get(name) ?? 0) + 1
      counts.set(name, call)
      return around({ step: name as FunctionName, call }, handler as Handler)(event, context)
    },
  ])
  return Object.fromEntries(entries) as Handlers
}
