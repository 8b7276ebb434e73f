import { writeEvents } from '../../core/ledger/events.ts'
import { keepRun } from '../../core/ledger/fence.ts'
import { relationTitle } from '../../core/ledger/relation.ts'
import { reopenParts } from '../../core/ledger/validation.ts'
import { countAgain, noteWrites, type WrittenTable } from '../../core/ledger/writes.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { inTransaction } from '../../core/postgres/transaction.ts'
import { listed } from '../../core/present/listed.ts'
import { SampanError } from '../../core/runtime/errors.ts'

/** A table that is written to during each of so many comparisons is somebody's who goes on. */
const MOST_COMPARISONS = 4

/** @throws SampanError `DST_WRITTEN_WHILE_COMPARED` where one of them has been compared often enough */
export function requireCalm(written: readonly WrittenTable[]): void {
  const restless = written.filter(({ again }) => again + 1 >= MOST_COMPARISONS)
  if (restless.length === 0) return
  throw new SampanError({
    code: 'DST_WRITTEN_WHILE_COMPARED',
    message: `others write to the destination: in each of ${MOST_COMPARISONS} comparisons these tables were written to: ${listed(restless.map(relationTitle))}`,
    remedy:
      'keep others from writing to the destination (pg_stat_activity shows who they are), then start the task again: it compares these tables once more',
  })
}

/**
 * Has them read once more: the digests that agree are of rows that may be others by now.
 * @param hidden those that the account may not read any more, whose comparison stands
 */
export async function compareAgain(
  destination: Session,
  run: string,
  written: readonly WrittenTable[],
  step: 'SummariseValidation' | 'Seal',
  hidden: readonly WrittenTable[] = [],
): Promise<void> {
  const oids = written.map(({ oid }) => oid)
  const all = [...oids, ...hidden.map(({ oid }) => oid)]
  await inTransaction(destination, async () => {
    await keepRun(destination, run)
    await reopenParts(destination, run, oids)
    await noteWrites(destination, run, all)
    await countAgain(destination, run, all)
    const named = (tables: readonly WrittenTable[]) => listed(tables.map(relationTitle))
    const again = `written to on the destination while they were compared, and compared once more: ${named(written)}`
    const before = `written to on the destination behind their comparison, and not compared once more, as they belong to others now, who do not let this account read them: ${named(hidden)}`
    await writeEvents(destination, run, [
      ...(written.length > 0 ? [{ level: 'info' as const, step, code: 'COMPARED_AGAIN', message: again }] : []),
      ...(hidden.length > 0 ? [{ level: 'warning' as const, step, code: 'COMPARED_BEFORE', message: before }] : []),
    ])
  })
}
