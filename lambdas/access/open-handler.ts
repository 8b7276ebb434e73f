import type { Endpoints, StepEvent } from '../runtime/event.ts'
import { stepHandler } from '../runtime/step-handler.ts'
import { done } from '../runtime/verdict.ts'
import { openAccess } from './open.ts'

/** OpenAccess: finds the two servers and opens the way in. */
export const handler = stepHandler<Endpoints>('OpenAccess', async (event: StepEvent, step) =>
  done(await openAccess(event, step)),
)
