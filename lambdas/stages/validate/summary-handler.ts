import { requireOwnStart } from '../../core/ledger/other-start.ts'
import { settleCommits } from '../../core/ledger/settle.ts'
import { countOpenParts } from '../../core/ledger/validation.ts'
import { readWrittenTables } from '../../core/ledger/writes.ts'
import { openDestination } from '../../core/postgres/sessions.ts'
import type { SummaryEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done, failed, yielded } from '../../core/runtime/verdict.ts'
import { compareAgain, requireCalm } from './compare-again.ts'

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
        requireCalm(written)
        await compareAgain(destination, run, written, 'SummariseValidation')
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
