import { requireOwnStart } from '../../core/ledger/other-start.ts'
import { settleCommits } from '../../core/ledger/settle.ts'
import { countOpenParts } from '../../core/ledger/validation.ts'
import { openDestination } from '../../core/postgres/sessions.ts'
import type { SummaryEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done, failed, yielded } from '../../core/runtime/verdict.ts'

/**
 * SummariseValidation: done when every part was read, whatever became of single lanes; otherwise the first lane's failure,
 * or another round.
 */
export const handler = stepHandler<null, SummaryEvent>('SummariseValidation', async (event, step) => {
  if (event.task.validation.mode === 'none') return done()
  const destination = await openDestination(event, step.environment, {
    purpose: 'summarise-validation',
    signal: step.signal,
  })
  try {
    const [open] = await Promise.all([
      countOpenParts(destination, event.run.id),
      requireOwnStart(destination, event.run),
    ])
    if (open === 0) {
      // Lanes commit without waiting. Seal does not go back to them: what it finds open then is the end of the run.
      await settleCommits(destination, event.run.id)
      return done()
    }
  } finally {
    await destination.close()
  }
  const error = event.results.find((result) => result.verdict === 'failed')?.error
  return error ? failed(error) : yielded()
})
