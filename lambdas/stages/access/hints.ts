import { defaultRegion } from '../../core/cloud/environment.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { CloseHints } from './close.ts'
import type { AccessTools } from './tools.ts'

/** Where the task says that something may stand, should the record be lost. */
export function hintsOf({ task }: Pick<StepEvent, 'task'>, tools: AccessTools): CloseHints {
  const { source, destination } = task
  const { apsaraInstance: instance, region } = destination
  return {
    regions: source.rdsInstance ? [source.region ?? defaultRegion(tools.environment)] : [],
    whitelists: instance && region ? [{ region, instance }] : [],
  }
}
