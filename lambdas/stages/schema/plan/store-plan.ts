import { type RunEvent, writeEvents } from '../../../core/ledger/events.ts'
import { keepRun } from '../../../core/ledger/fence.ts'
import { storeExpectedRights } from '../../../core/ledger/objects/expected-rights.ts'
import type { readKnown } from '../../../core/ledger/objects/known.ts'
import { storePlan } from '../../../core/ledger/objects/planned.ts'
import { readPlannedStructure, type Structure, storeStructure } from '../../../core/ledger/objects/structure.ts'
import { markPlanned, storeDestinationPath } from '../../../core/ledger/run.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { inOneFlight, inTransaction } from '../../../core/postgres/transaction.ts'
import { compareStructures } from '../../../core/structure/compare.ts'
import { replan } from './anew/replan.ts'
import { storeReplan } from './anew/store-replan.ts'
import type { Plan } from './plan.ts'
import { madeAnew } from './plan-events.ts'

/** A plan and what it was made of. */
export interface MadePlan {
  readonly plan: Plan
  readonly structure: Structure
  /** Of the keepers' view that it was read in; 0: a view of its own. */
  readonly generation: number
  /** The search path under the destination's names; null: as on the source. */
  readonly path: SearchPath | null
  readonly told: readonly RunEvent[]
  /** The plan before; null: this is the first. */
  readonly known: Awaited<ReturnType<typeof readKnown>> | null
}

/** Writes the plan to the ledger in one transaction, under the run's fence; of a plan made anew only what is another. */
export async function storeMadePlan(destination: Session, run: string, made: MadePlan): Promise<void> {
  const { plan, structure, generation, path, known } = made
  const along = (told: readonly RunEvent[]) => [
    ...storeExpectedRights(destination, run, plan.rights),
    ...storeStructure(destination, run, structure, generation),
    ...(path === null ? [] : [storeDestinationPath(destination, run, path)]),
    writeEvents(destination, run, told),
    markPlanned(destination, run, 'objects_planned_at'),
  ]
  if (known === null) {
    await inOneFlight(destination, () => [
      keepRun(destination, run),
      ...storePlan(destination, run, plan.objects, plan.relations),
      ...along(made.told),
    ])
    return
  }
  const before = await readPlannedStructure(destination, run)
  const changes = replan(known.objects, known.relations, plan)
  const anew = madeAnew(compareStructures(before, structure.entries), changes.unmade.length)
  await inTransaction(destination, async () => {
    await keepRun(destination, run)
    await storeReplan(destination, run, changes)
    await Promise.all(along([...made.told, anew]))
  })
}
