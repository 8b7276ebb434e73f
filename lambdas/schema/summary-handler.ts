import type { SummaryEvent } from '../runtime/event.ts'
import { stepHandler } from '../runtime/step-handler.ts'
import { done, failed, yielded } from '../runtime/verdict.ts'
import { requireAllMade } from './apply/unmade.ts'
import { countPending } from './ledger-objects.ts'
import { withDestination } from './with-destination.ts'

/**
 * SummariseIndexes: done when every object of the stage was tried, whatever became of single lanes; else the first lane's
 * failure, or another round.
 */
export const handler = stepHandler<null, SummaryEvent>('SummariseIndexes', (event, step) =>
  withDestination<null>(event, step, 'summarise-indexes', async (destination) => {
    const { id: run } = event.run
    if ((await countPending(destination, run, 'index')) > 0) {
      const error = event.results.find(({ verdict }) => verdict === 'failed')?.error
      return error ? failed(error) : yielded()
    }
    await requireAllMade(destination, run, event.task.onObjectError)
    return done()
  }),
)
