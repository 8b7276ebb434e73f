import { z } from 'zod'
import { defaultRegion } from '../../core/cloud/environment.ts'
import type { StepContext } from '../../core/runtime/event.ts'
import { type Closed, closeAccess } from './close.ts'
import { withTools } from './net-tools.ts'
import { openRuns } from './open-runs.ts'
import { storeOf } from './tools.ts'

/** "Step Functions Execution Status Change". Its input is left out above 248 KB, so nothing here depends on it. */
const statusEvent = z.object({
  region: z.string().optional(),
  detail: z.object({ name: z.string(), status: z.string() }),
})

/**
 * Called by EventBridge when an execution of the state machine ends, however it ends: closes what it left open. It finds it
 * by the execution's name alone, in the records and by the tags.
 */
export async function handler(event: unknown, context: StepContext): Promise<Closed> {
  const { detail, region } = statusEvent.parse(event)
  if (detail.status === 'RUNNING') return { closed: 0 }
  return withTools('CloseByStatus', context, async (tools) => {
    const records = await openRuns(storeOf(tools), detail.name)
    const regions = [region ?? defaultRegion(tools.environment)]
    let closed = 0
    // Without a record only tags can tell; the run's name is then of no matter.
    for (const run of records.length > 0 ? records : [{ id: 'unrecorded', execution: detail.name }]) {
      closed += (await closeAccess(run, { regions, whitelists: [] }, tools)).closed
    }
    return { closed }
  })
}
