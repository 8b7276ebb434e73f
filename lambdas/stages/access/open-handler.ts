import type { Endpoints, StepEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done, more } from '../../core/runtime/verdict.ts'
import { openAccess } from './open.ts'

/** OpenAccess: finds the two servers and opens the way in. Time that is up loses nothing: the next call finds what stands. */
export const handler = stepHandler<Endpoints>('OpenAccess', async (event: StepEvent, step) => {
  try {
    return done(await openAccess(event, step))
  } catch (error) {
    if (step.signal.aborted) return more()
    throw error
  }
})
