import { SampanError } from '../runtime/errors.ts'
import type { RunIdentity } from '../runtime/event.ts'
import type { Task } from '../task/task.ts'
import type { RunRow } from './run.ts'

/**
 * Whether a start only looks at a run: it makes a plan, and another start has begun to migrate. Nobody can tell whether that one is
 * still at work, so the run stays its own, with its plan, its limits and what it tries again.
 */
export function looksOn(mode: Task['mode'], row: Pick<RunRow, 'state' | 'mode'>): boolean {
  return mode === 'plan' && row.state === 'open' && row.mode !== 'plan'
}

/**
 * A plan of a run that has begun to migrate is the one in its ledger.
 * @param isOfSource whether the source has the structure that it is of
 * @throws SampanError RUN_HAS_BEGUN where there is none, or the run itself will plan anew
 */
export function requireStoredPlan(
  { id }: RunIdentity,
  { execution, objectsPlannedAt, copyPlannedAt }: RunRow,
  isOfSource: boolean,
): void {
  const isWhole = objectsPlannedAt !== null && copyPlannedAt !== null
  if (isWhole && isOfSource) return
  const why = isWhole
    ? 'the source has another structure by now than that it is of'
    : 'it is not complete, or is being made anew'
  throw new SampanError({
    code: 'RUN_HAS_BEGUN',
    message: `the run "${id}" has begun to migrate (${execution}), so its plan is the one in its ledger, and ${why}`,
    remedy:
      'the run is left as it was: watch it with `sampan status`; where nobody works for it any more start it with `sampan run`, without --plan, which plans anew what is left; to plan apart from it give the task another name and an empty destination',
  })
}
