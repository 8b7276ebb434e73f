import { giveUpView } from '../../../core/ledger/chunks/round.ts'
import { awaitView, holdForView } from '../../../core/ledger/chunks/take-back.ts'
import { writeEvents } from '../../../core/ledger/events.ts'
import { fenceRun } from '../../../core/ledger/fence.ts'
import { disownPlan } from '../../../core/ledger/objects/structure.ts'
import { type Relation, titleOf } from '../../../core/ledger/relation.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { inTransaction } from '../../../core/postgres/transaction.ts'
import { emptyRelation } from '../../../core/rows/empty-relation.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { Change } from './unchanged.ts'

/** A table that is changed so often while it is copied will be changed again. */
const MOST_REWRITES = 5

/** Another selection is another task. */
const LATER =
  'leave that until the rows are copied, and start the task again; or exclude the table, under another name and into an emptied destination'

/** What is told of a change that was found under the locks of a flight. */
export function tableChanged(relation: Relation, change: Change): SampanError {
  const title = titleOf(relation)
  switch (change) {
    case 'file':
      return new SampanError({
        code: 'SRC_TABLE_REWRITTEN',
        message: `${title} was rewritten on the source while it was copied (TRUNCATE, VACUUM FULL, CLUSTER, ALTER TABLE)`,
        remedy: LATER,
      })
    case 'structure':
      return new SampanError({
        code: 'SRC_STRUCTURE_CHANGED',
        message: `the structure of ${title} was changed on the source while it was copied (its name, columns, partitions or types)`,
        remedy: LATER,
      })
    case 'planned':
      return new SampanError({
        code: 'SRC_STRUCTURE_OF_PLAN_CHANGED',
        message: `${title} has another name or other columns on the source than when it was planned`,
        remedy:
          'start the task again: what has changed is planned anew, and its rows copied; hold back changes of the schema until they are',
      })
  }
}

/**
 * Gives up the view for a newer one, and lets the relation be copied anew in that, before all others. Of two lanes that
 * find the same one does it.
 * @throws SampanError what `tableChanged` tells, where it has happened too often
 */
export async function copyInNewerView(
  destination: Session,
  run: string,
  relation: Relation,
  change: Change,
  generation: number,
): Promise<void> {
  const error = tableChanged(relation, change)
  // A newer view is no nearer to the plan.
  if (change === 'planned') {
    await inTransaction(destination, async () => {
      await fenceRun(destination, run)
      await disownPlan(destination, run)
    })
    throw error
  }
  const rewrites = await inTransaction(destination, async () => {
    await fenceRun(destination, run)
    const newer = generation + 1
    const due = await holdForView(destination, run, relation.oid, newer)
    if (due === null) return 0
    await emptyRelation(destination, run, relation)
    await awaitView(destination, run, relation.oid, { generation: newer, rewritten: true })
    await giveUpView(destination, run, generation)
    const message = `${error.message}: the view is taken anew, and the table copied again`
    await writeEvents(destination, run, [{ level: 'warning', step: 'CopyLanes', code: error.code, message }])
    return due.rewrites + 1
  })
  // A run that is started again has as many attempts.
  if (rewrites > 0 && rewrites % MOST_REWRITES === 0) throw error
}
