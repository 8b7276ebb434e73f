import { takeBackable } from '../../lambdas/core/ledger/chunks/take-back.ts'
import { writeEvents } from '../../lambdas/core/ledger/events.ts'
import { keepRun } from '../../lambdas/core/ledger/fence.ts'
import { isLargeObjects, type Relation, titleOf } from '../../lambdas/core/ledger/relation.ts'
import { readRelations } from '../../lambdas/core/ledger/relations.ts'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import { inTransaction } from '../../lambdas/core/postgres/transaction.ts'
import { emptyRelation } from '../../lambdas/core/rows/empty-relation.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { matchesTablePattern, type TablePattern } from '../../lambdas/core/task/pattern.ts'

/** A lane that is inside a table is waited for, as long as a flight may take. */
const LOCK_SECONDS = 120

/**
 * Has a run whose copy goes on copy tables once more: their rows go, and their chunks wait for a lane, in one transaction. Lanes that are at work take
 * them up; where none is, the next start does. No end of the copy comes between: it waits for the run's row.
 * @param session one that writes for the run's own start: another start that takes the run over is not written behind
 * @returns the tables, by their names on the source
 * @throws SampanError RELOAD_NO_TABLE, RELOAD_COPY_ENDED, RUN_TAKEN_OVER
 */
export async function reloadInOpenRun(
  session: Session,
  run: string,
  patterns: readonly TablePattern[],
): Promise<readonly string[]> {
  return inTransaction(session, async () => {
    await session.execute(`SET LOCAL lock_timeout = '${LOCK_SECONDS}s'`)
    await keepRun(session, run)
    const relations = await readRelations(session, run)
    const asked = relations.filter((relation) => !isLargeObjects(relation) && isAsked(relation, patterns))
    if (asked.length === 0) throw noTable(run)
    const taken: string[] = []
    for (const relation of asked) {
      if (!(await takeBackable(session, run, relation.oid))) throw copyEnded(run, relation)
      await emptyRelation(session, run, relation)
      taken.push(titleOf(relation))
    }
    const message = `${taken.join(', ')}: somebody has them copied again (sampan reload)`
    await writeEvents(session, run, [{ level: 'warning', step: 'Reload', code: 'TABLE_RELOADED', message }])
    return taken
  })
}

function isAsked({ source }: Relation, patterns: readonly TablePattern[]): boolean {
  return patterns.some((pattern) => matchesTablePattern(pattern, source.schema, source.name))
}

function noTable(run: string): SampanError {
  return new SampanError({
    code: 'RELOAD_NO_TABLE',
    message: `the plan of the run ${run} has no table that --table names`,
    remedy:
      'nothing was written: write the names as on the source, schema.table, with * and ?; upper and lower case count',
  })
}

function copyEnded(run: string, { kept }: Relation): SampanError {
  return new SampanError({
    code: 'RELOAD_COPY_ENDED',
    message: `all rows of the run ${run} are there, and it is not complete: it builds, links or compares`,
    remedy: kept ? LET_END : `${LET_END}; ${MADE_ANEW}`,
  })
}

const LET_END = 'nothing was written: let it end, and give the command then'
/** Not of what stood there before the run: it cannot make that. */
const MADE_ANEW =
  'or drop the table on the destination (DROP TABLE … CASCADE) and start the task again, which makes it anew'
