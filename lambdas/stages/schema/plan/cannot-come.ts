import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import { listed } from '../../../core/present/listed.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import { objectName } from '../../../core/structure/object-name.ts'
import { migrates } from '../../../core/task/mode.ts'
import type { Task } from '../../../core/task/task.ts'
import type { Plan } from './plan.ts'

/** A task that acknowledges it goes on without what cannot come. */
const CODE = 'CHOSEN_CANNOT_COME'
/**
 * What the plan knows cannot be made is told before anything is written: chosen objects in need of something excluded, and those
 * in need of what the destination cannot have. Acknowledged, they are left out with the reason.
 * @throws SampanError `CHOSEN_CANNOT_COME`, where the task neither acknowledges it nor goes on without objects that fail
 */
export function withoutWhatCannotCome(plan: Plan, task: Pick<Task, 'mode' | 'onObjectError' | 'precheck'>): Plan {
  const blocked = plan.objects.filter(({ status }) => status === 'blocked')
  if (blocked.length === 0 && plan.inVain.length === 0) return plan
  const names = new Map(plan.objects.map((object) => [object.id, nameOf(object)]))
  const needed = (object: PlannedObject) => names.get(object.blockedBy ?? -1) ?? 'something that is missing'
  if (task.precheck.acknowledge.includes(CODE)) {
    const objects = plan.objects.map((object) =>
      object.status === 'blocked'
        ? ({
            ...object,
            status: 'skipped',
            stage: 'never',
            sql: '',
            reason: `it needs ${needed(object)}, which is left out`,
          } as const)
        : object,
    )
    return { ...plan, objects }
  }
  if (!migrates(task.mode) || (task.onObjectError === 'continue' && plan.inVain.length === 0)) return plan
  const lines = [...plan.inVain, ...blocked.map((object) => `${nameOf(object)}: it needs ${needed(object)}`)]
  throw new SampanError({
    code: CODE,
    message: `${lines.length} of the objects that the task chooses cannot come: ${listed(lines, { between: '; ' })}`,
    remedy: `choose what they need too, exclude them as well, or add "${CODE}" to precheck.acknowledge: they are left out, with their rows`,
  })
}

function nameOf(object: Pick<PlannedObject, 'kind' | 'schema' | 'name'>): string {
  return `${object.kind.toLowerCase()} ${objectName(object)}`
}
