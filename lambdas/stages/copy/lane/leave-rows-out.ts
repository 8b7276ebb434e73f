import { relationTitle } from '../../../core/ledger/comparisons.ts'
import { writeEvents } from '../../../core/ledger/events.ts'
import { keepRun } from '../../../core/ledger/fence.ts'
import type { Relation } from '../../../core/ledger/relations.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { sqlFile } from '../../../core/postgres/sql-file.ts'
import { inTransaction } from '../../../core/postgres/transaction.ts'
import type { SampanError } from '../../../core/runtime/errors.ts'
import { emptyRelation } from '../view/empty-relation.ts'

const LEAVE_ROWS_OUT = sqlFile(new URL('./sql/leave-rows-out.sql', import.meta.url))

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
    const due = await destination.rows(
      `SELECT 1 FROM sampan.relation r WHERE r.run = $1 AND r.oid = $2
          AND EXISTS (SELECT FROM sampan.chunk c WHERE c.run = r.run AND c.relation = r.oid) FOR UPDATE`,
      [run, relation.oid],
    )
    if (due.length === 0) return
    await emptyRelation(destination, run, relation)
    await destination.rows(LEAVE_ROWS_OUT, [run, relation.oid, cause.code, cause.message])
    const message = `the rows of ${relationTitle(relation)} are left out: ${cause.message}`
    await writeEvents(destination, run, [{ level: 'error', step: 'CopyLanes', code: 'ROWS_LEFT_OUT', message }])
  })
}
