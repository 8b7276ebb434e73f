import { readStanding } from '../../core/ledger/objects/steps.ts'
import type { SummaryEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done, failed, yielded } from '../../core/runtime/verdict.ts'
import { noteDefinitions } from '../../core/structure/definitions.ts'
import { requireAllMade } from './apply/unmade.ts'
import { withDestination } from './apply/with-destination.ts'

/**
 * SummariseIndexes: done when every object of the stage was tried, whatever became of single lanes; else the first lane's
 * failure, or another round. Where the round of the copy has ended without all rows there is nothing to judge yet: the next
 * round of the copy has index lanes too.
 */
export const handler = stepHandler<null, SummaryEvent>('SummariseIndexes', (event, step) =>
  withDestination<null>(event, step, 'summarise-indexes', async (destination) => {
    const { id: run, execution } = event.run
    const standing = await readStanding(destination, run, execution)
    if (standing.pending || !standing.copied) {
      const error = event.results.find(({ verdict }) => verdict === 'failed')?.error
      if (error) return failed(error)
      return standing.ended ? done() : yielded()
    }
    await requireAllMade(destination, run, event.task.onObjectError)
    await noteDefinitions(destination, run)
    return done()
  }),
)
