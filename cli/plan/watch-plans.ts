import { toSampanError } from '../../lambdas/core/runtime/errors.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'
import { toStepError } from '../../lambdas/core/runtime/step-error.ts'
import { failed, type StepAnswer } from '../../lambdas/core/runtime/verdict.ts'
import type { Handlers } from '../../local/handlers.ts'
import type { LambdaHandler } from '../../local/interpreter/calls.ts'
import { type DatabasePlan, readDatabasePlan } from './database-plan.ts'

/** Looks at a database's plan once it is made; what it throws ends the database's way. */
export type LookAtPlan = (plan: DatabasePlan, event: StepEvent) => Promise<void>

/**
 * The same handlers, with a look at each database's plan as soon as it is complete and before anything is made by it: the way to both
 * servers is open then. A plan that is completed later, in the view, is not looked at.
 */
export function watchPlans(handlers: Handlers, look: LookAtPlan): Handlers {
  const seen = new Set<string>()
  const watched = (handler: LambdaHandler, isPlanned: (answer: StepAnswer) => boolean): LambdaHandler => {
    return async (event: never, context) => {
      const answer = (await handler(event, context)) as StepAnswer
      const { database } = event as StepEvent
      if (answer.verdict !== 'done' || database === null || seen.has(database.name) || !isPlanned(answer)) return answer
      seen.add(database.name)
      try {
        await look(await readDatabasePlan(event, context.signal), event)
        return answer
      } catch (thrown) {
        if (context.signal?.aborted) throw thrown
        return { ...failed(toStepError(toSampanError(thrown))), spent: answer.spent }
      }
    }
  }
  return {
    ...handlers,
    // A database that an earlier start has completed goes no further: its ledger has the plan still.
    PlanObjectsFunction: watched(
      handlers.PlanObjectsFunction,
      ({ output }) => (output as { readonly sealed?: boolean } | null)?.sealed === true,
    ),
    PlanCopyFunction: watched(handlers.PlanCopyFunction, () => true),
  }
}
