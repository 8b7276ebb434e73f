import { defaultRegion } from '../cloud/environment.ts'
import type { StepEvent } from '../runtime/event.ts'
import { stepHandler } from '../runtime/step-handler.ts'
import { done, more } from '../runtime/verdict.ts'
import { type Closed, type CloseHints, closeAccess } from './close.ts'
import { closeLeftovers } from './leftovers.ts'
import type { AccessTools } from './tools.ts'

/** CloseAccess: removes what OpenAccess of this execution added. The last step of every path. */
export const handler = stepHandler<Closed>('CloseAccess', async (event: StepEvent, step) => {
  try {
    const closed = await closeAccess(event.run, hintsOf(event, step), step)
    await closeLeftovers(event.run, step)
    return done(closed)
  } catch (error) {
    if (step.signal.aborted) return more()
    throw error
  }
})

/** Where the task says that something may stand, should the record be lost. */
function hintsOf({ task }: StepEvent, step: AccessTools): CloseHints {
  const { source, destination } = task
  const { apsaraInstance: instance, region } = destination
  return {
    regions: source.rdsInstance ? [source.region ?? defaultRegion(step.environment)] : [],
    whitelists: instance && region ? [{ region, instance }] : [],
  }
}
