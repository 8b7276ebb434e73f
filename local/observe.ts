import type { StepEvent } from '../lambdas/core/runtime/event.ts'
import type { StepAnswer } from '../lambdas/core/runtime/verdict.ts'
import type { Handlers } from './handlers.ts'
import type { LambdaHandler } from './interpreter/calls.ts'

/** Who wants to know what the handlers are called with and answer. Must not throw. */
export interface Observer {
  called(name: string, event: StepEvent): void
  answered(name: string, event: StepEvent, answer: StepAnswer): void
}

/** The same handlers, watched. The workflow cannot tell the difference. */
export function observe(handlers: Handlers, observer: Observer): Handlers {
  const watched = Object.entries(handlers).map(([name, handler]): [string, LambdaHandler] => [
    name,
    async (event, context) => {
      observer.called(name, event as StepEvent)
      const answer = await handler(event, context)
      observer.answered(name, event as StepEvent, answer as StepAnswer)
      return answer
    },
  ])
  return Object.fromEntries(watched) as Handlers
}
