import type { StepEvent } from '../runtime/event.ts'
import { stepHandler } from '../runtime/step-handler.ts'
import { done, more } from '../runtime/verdict.ts'
import { type Closed, closeAccess } from './close.ts'
import { hintsOf } from './hints.ts'
import { closeLeftovers } from './leftovers.ts'

/** CloseAccess: removes what OpenAccess of this execution added. The last step of every path. */
export const handler = stepHandler<Closed>('CloseAccess', async (event: StepEvent, step) => {
  try {
    const hints = hintsOf(event, step)
    const closed = await closeAccess(event.run, hints, step)
    await closeLeftovers(event.run, hints, step)
    return done(closed)
  } catch (error) {
    if (step.signal.aborted) return more()
    throw error
  }
})
