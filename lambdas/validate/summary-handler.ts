import { countOpenParts } from '../ledger/validation.ts'
import { openDestination } from '../postgres/sessions.ts'
import type { SummaryEvent } from '../runtime/event.ts'
import { stepHandler } from '../runtime/step-handler.ts'
import { done, failed, yielded } from '../runtime/verdict.ts'

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
    if ((await countOpenParts(destination, event.run.id)) === 0) return done()
  } finally {
    await destination.close()
  }
  const error = event.results.find((result) => result.verdict === 'failed')?.error
  return error ? failed(error) : yielded()
})
