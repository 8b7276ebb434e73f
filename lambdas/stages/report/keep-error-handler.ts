import { artefacts } from '../../core/cloud/artefacts.ts'
import { keepError } from '../../core/cloud/database-errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done, type StepError } from '../../core/runtime/verdict.ts'

/** What KeepError is called with. */
export interface KeepErrorEvent extends StepEvent {
  /** The database’s place in the task’s list, from 0. */
  readonly place: number
  /** Why the database has failed. */
  readonly error: StepError
}

/** KeepError: why a database has failed, for the report. */
export const handler = stepHandler<null, KeepErrorEvent>('KeepError', async ({ run, place, error }, step) => {
  await keepError(artefacts(step.environment), run, place, error)
  return done(null)
})
