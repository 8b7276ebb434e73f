import type { StepEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done, more } from '../../core/runtime/verdict.ts'
import { type Closed, closeAccess } from './close.ts'
import { hintsOf } from './hints.ts'
import { closeLeftovers } from './leftovers.ts'

/** CloseAccess: removes what OpenAccess of this execution added. The last step of every path. */
export const handler = stepHandler<Closed>('CloseAccess', async (event: StepEvent, step) => {
  try {
    const hints = hintsOf(event, step)
    // What an earlier execution has left is closed also where the record of this one makes trouble.
    const [own] = await Promise.allSettled([closeAccess(event.run, hints, step)])
    const [leftovers] = await Promise.allSettled([closeLeftovers(event.run, hints, step)])
    if (own.status === 'rejected') throw own.reason
    if (leftovers.status === 'rejected') throw leftovers.reason
    return done(own.value)
  } catch (error) {
    if (step.signal.aborted) return more()
    throw error
  }
})
