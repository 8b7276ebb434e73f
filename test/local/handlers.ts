import type { StepEvent } from '../../lambdas/core/runtime/event.ts'
import { done, failed, type StepAnswer } from '../../lambdas/core/runtime/verdict.ts'
import { handler as readTask } from '../../lambdas/stages/read-task/handler.ts'
import { handler as takeDatabase } from '../../lambdas/stages/read-task/take-database-handler.ts'
import type { Handlers } from '../../local/handlers.ts'
import type { FunctionName } from '../../statemachine/functions.ts'
import { FUNCTIONS } from '../../statemachine/functions.ts'

type Step = (event: StepEvent, context: { readonly signal?: AbortSignal }) => Promise<StepAnswer> | StepAnswer

const ENDPOINTS = {
  source: { host: '127.0.0.1', port: 1 },
  destination: { host: '127.0.0.1', port: 1 },
}

export const FAILURE = {
  kind: 'other',
  code: 'COPY_FAILED',
  message: 'the disk is full',
  remedy: 'make it larger',
} as const

/** Handlers that do nothing, for the real workflow; the real ReadTask and TakeDatabase; `changes` replace what a test is about. */
export function fakeHandlers(changes: Partial<Record<FunctionName, Step>> = {}) {
  const calls: string[] = []
  const answers: Partial<Record<FunctionName, Step>> = {
    OpenAccessFunction: () => done(ENDPOINTS),
    PrecheckFunction: () => done({ refused: false }),
    PlanObjectsFunction: () => done({ sealed: false }),
    SummariseCopyFunction: () => done({ planAnew: false }),
    PlanCopyFunction: () => done({ lanes: [0, 1], indexLanes: [0], validateLanes: [0] }),
    ReportFunction: () => done({ status: 'succeeded', error: null }),
    ...changes,
  }
  const handlers = Object.fromEntries(
    FUNCTIONS.map((name) => [
      name,
      async (event: never, context: never) => {
        calls.push(name)
        if (name === 'ReadTaskFunction') return readTask(event, context)
        if (name === 'TakeDatabaseFunction') return takeDatabase(event, context)
        return (await answers[name]?.(event, context)) ?? done()
      },
    ]),
  )
  return { calls, handlers: handlers as unknown as Handlers }
}

export { done, failed }
