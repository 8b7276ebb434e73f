import { writeEvents } from '../../core/ledger/events.ts'
import { keepRun } from '../../core/ledger/fence.ts'
import { requireOwnStart } from '../../core/ledger/other-start.ts'
import { relationTitle } from '../../core/ledger/relation.ts'
import { settleCommits } from '../../core/ledger/settle.ts'
import { countOpenParts, reopenParts } from '../../core/ledger/validation.ts'
import { countAgain, noteWrites, readWrittenTables, type WrittenTable } from '../../core/ledger/writes.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { openDestination } from '../../core/postgres/sessions.ts'
import { inTransaction } from '../../core/postgres/transaction.ts'
import { listed } from '../../core/present/listed.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { SummaryEvent } from '../../core/runtime/event.ts'
import { toStepError } from '../../core/runtime/step-error.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done, failed, type StepError, yielded } from '../../core/runtime/verdict.ts'

/** A table that is written to during each of so many comparisons is somebody's who goes on. */
const MOST_COMPARISONS = 4

/**
 * SummariseValidation: done when every part was read, whatever became of single lanes; otherwise the first lane's failure,
 * or another round. What was written to on the destination since its comparison began is compared once more: the digests that agree
 * are of rows that may be others by now.
 */
export const handler = stepHandler<null, SummaryEvent>('SummariseValidation', async (event, step) => {
  if (event.task.validation.mode === 'none') return done()
  const run = event.run.id
  const destination = await openDestination(event, step.environment, {
    purpose: 'summarise-validation',
    signal: step.signal,
  })
  try {
    const [open] = await Promise.all([countOpenParts(destination, run), requireOwnStart(destination, event.run)])
    if (open === 0) {
      const written = await readWrittenTables(destination, run)
      if (written.length > 0) {
        const restless = written.filter(({ again }) => again + 1 >= MOST_COMPARISONS)
        if (restless.length > 0) return failed(restlessness(restless))
        await compareAgain(destination, run, written)
        return yielded()
      }
      // Lanes commit without waiting. Seal does not go back to them: what it finds open then is the end of the run.
      await settleCommits(destination, run)
      return done()
    }
  } finally {
    await destination.close()
  }
  const error = event.results.find((result) => result.verdict === 'failed')?.error
  return error ? failed(error) : yielded()
})

async function compareAgain(destination: Session, run: string, written: readonly WrittenTable[]): Promise<void> {
  const oids = written.map(({ oid }) => oid)
  await inTransaction(destination, async () => {
    await keepRun(destination, run)
    await reopenParts(destination, run, oids)
    await noteWrites(destination, run, oids)
    await countAgain(destination, run, oids)
    const message = `written to on the destination while they were compared, and compared once more: ${listed(written.map(relationTitle))}`
    await writeEvents(destination, run, [
      { level: 'info', step: 'SummariseValidation', code: 'COMPARED_AGAIN', message },
    ])
  })
}

function restlessness(tables: readonly WrittenTable[]): StepError {
  return toStepError(
    new SampanError({
      code: 'DST_WRITTEN_WHILE_COMPARED',
      message: `others write to the destination: in each of ${MOST_COMPARISONS} comparisons these tables were written to: ${listed(tables.map(relationTitle))}`,
      remedy:
        'keep others from writing to the destination (pg_stat_activity shows who they are), then start the task again: it compares these tables once more',
    }),
  )
}
