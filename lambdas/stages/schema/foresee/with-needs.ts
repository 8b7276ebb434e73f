import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'

/** With all that they need, in the order in which they are made; event triggers last, or they would fire at the others. */
export function withNeeds(
  objects: readonly PlannedObject[],
  prone: readonly PlannedObject[],
): readonly PlannedObject[] {
  const byId = new Map(objects.map((object) => [object.id, object]))
  const needed = new Set<number>()
  const add = ({ id, dependencies }: PlannedObject) => {
    if (needed.has(id)) return
    needed.add(id)
    for (const one of dependencies) {
      const object = byId.get(one)
      if (object !== undefined) add(object)
    }
  }
  for (const object of prone) add(object)
  const tried = objects.filter(({ id, status }) => needed.has(id) && status === 'pending')
  const isLast = ({ kind }: PlannedObject) => kind === 'EVENT TRIGGER'
  return [...tried.filter((object) => !isLast(object)), ...tried.filter(isLast)]
}
