import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { listed } from '../../../core/present/listed.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { StepEvent } from '../../../core/runtime/event.ts'
import type { StepTools } from '../../../core/runtime/step-handler.ts'
import type { PlanInput } from '../plan/plan.ts'
import { deniedObjects } from './denied.ts'
import { mayRefuse, OBJECTS_REFUSED, refusalReasons, refusalText, tryObjects } from './foresee.ts'
import type { RefusedObject } from './rehearse.ts'

/** Objects as they are planned so far, and what they are tried with. */
export interface Trial {
  readonly objects: readonly PlannedObject[]
  readonly source: Session
  readonly destination: Session
  readonly path: SearchPath
}

/**
 * The plan's input without what the destination's version refuses or its account may not make, found by making all in a scratch.
 * @throws SampanError `DST_OBJECTS_REFUSED` where the task has not acknowledged what is refused
 */
export async function withoutWhatIsRefused(
  event: StepEvent,
  step: StepTools,
  input: PlanInput,
  { objects, source, destination, path }: Trial,
): Promise<PlanInput> {
  const { environment, signal } = step
  const refused = mayRefuse(source, destination)
    ? ((await tryObjects(event, environment, source, objects, signal)) ?? [])
    : []
  const denied = input.roles.superuser
    ? new Map<number, string>()
    : await deniedObjects(event, environment, objects, path, signal)
  if (refused.length > 0 && !event.task.precheck.acknowledge.includes(OBJECTS_REFUSED)) throw objectsRefused(refused)
  if (denied.size === 0 && refused.length === 0) return input
  return { ...input, refused: new Map([...denied, ...refusalReasons(refused)]) }
}

/** The precheck could not try: the database was still to be made, or there was no connection free. */
function objectsRefused(refused: readonly RefusedObject[]): SampanError {
  return new SampanError({
    code: OBJECTS_REFUSED,
    message: `the destination’s version refuses ${refused.length} of the objects: ${listed(refused.map(refusalText), { between: '; ' })}`,
    remedy: `nothing was made: change or drop them on the source, or acknowledge ${OBJECTS_REFUSED} to leave them out, then start again`,
  })
}
