import { defaultRegion } from '../cloud/environment.ts'
import type { StepEvent } from '../runtime/event.ts'
import { stepHandler } from '../runtime/step-handler.ts'
import { done } from '../runtime/verdict.ts'
import { type Closed, closeAccess } from './close.ts'
import { closeLeftovers } from './leftovers.ts'

/** CloseAccess: removes what OpenAccess of this execution added. The last step of every path. */
export const handler = stepHandler<Closed>('CloseAccess', async (event: StepEvent, step) => {
  const { source, destination } = event.task
  const region = source.region ?? (source.rdsInstance ? defaultRegion(step.environment) : undefined)
  const { apsaraInstance: instance, region: apsaraRegion } = destination
  const closed = await closeAccess(
    event.run,
    {
      regions: source.rdsInstance && region ? [region] : [],
      whitelists: instance && apsaraRegion ? [{ region: apsaraRegion, instance }] : [],
    },
    step,
  )
  await closeLeftovers(event.run, step)
  return done(closed)
})
