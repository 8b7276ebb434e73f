import { holdCut, leaveOut } from '../../../core/ledger/chunks/take-back.ts'
import { writeEvents } from '../../../core/ledger/events.ts'
import { keepRun } from '../../../core/ledger/fence.ts'
import { type Relation, titleOf } from '../../../core/ledger/relation.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { inTransaction } from '../../../core/postgres/transaction.ts'
import { emptyRelation } from '../../../core/rows/empty-relation.ts'
import type { SampanError } from '../../../core/runtime/errors.ts'

/**
 * Goes on without the rows of a table: those that arrived are taken back, its chunks are no more, and its rows are an object that has
 * failed. Waits for lanes that are inside it. Of two that find it so one does it; a run that is started again tries it once more.
 * @param cause what was said of the rows
 */
export async function leaveRowsOut(
  destination: Session,
  run: string,
  relation: Relation,
  cause: SampanError,
): Promise<void> {
  await inTransaction(destination, async () => {
    // The object's number is the next one.
    await keepRun(destination, run)
    if (!(await holdCut(destination, run, relation.oid))) return
    await emptyRelation(destination, run, relation)
    await leaveOut(destination, run, relation.oid, cause)
    const message = `the rows of ${titleOf(relation)} are left out: ${cause.message}`
    await writeEvents(destination, run, [{ level: 'error', step: 'CopyLanes', code: 'ROWS_LEFT_OUT', message }])
  })
}
