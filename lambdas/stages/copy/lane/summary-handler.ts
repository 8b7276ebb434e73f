import { endRound, readRound } from '../../../core/ledger/chunks/round.ts'
import { writeEvents } from '../../../core/ledger/events.ts'
import { readPlanMark } from '../../../core/ledger/objects/structure.ts'
import { requireOwnStart } from '../../../core/ledger/other-start.ts'
import { underWatch } from '../../../core/ledger/step-watch.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { openDestination } from '../../../core/postgres/sessions.ts'
import type { SummaryEvent } from '../../../core/runtime/event.ts'
import { METRICS } from '../../../core/runtime/metric-names.ts'
import { writeMetrics } from '../../../core/runtime/metrics.ts'
import { stepHandler } from '../../../core/runtime/step-handler.ts'
import { done, failed, type StepAnswer, yielded } from '../../../core/runtime/verdict.ts'
import { readRenewal, renewalEvent } from '../view/renewal.ts'

/** What the workflow reads of the summary. */
export interface CopySummary {
  /** The view that the keepers hold has another structure than the plan: the rest is planned anew in it, and the round goes on. */
  readonly planAnew: boolean
}

/**
 * SummariseCopy: every chunk has its receipt → done; a lane failed → failed; else another round. Ends the round either way,
 * so that the keepers of the snapshot go. The lanes commit without waiting for the disk; this step's commit waits, and with it
 * theirs are durable before anybody gives up the view in which they could be copied again.
 */
export const handler = stepHandler('SummariseCopy', async (event: SummaryEvent, step) => {
  const destination = await openDestination(event, step.environment, { purpose: 'summary', signal: step.signal })
  try {
    return await underWatch(event, step, { destination }, () => summarise(destination, event))
  } finally {
    await destination.close()
  }
})

async function summarise(destination: Session, event: SummaryEvent): Promise<StepAnswer<CopySummary>> {
  const { id, execution } = event.run
  const [mark, round] = await Promise.all([
    readPlanMark(destination, id),
    readRound(destination, id, execution),
    requireOwnStart(destination, event.run),
  ])
  const broken = event.results.find((result) => result.verdict === 'failed')
  if (mark.replanGeneration > mark.generation && !round.ended && !round.copied && broken === undefined) {
    return done<CopySummary>({ planAnew: true })
  }
  const ended = await endRound(destination, event.run, async ({ open, generation }) => {
    if (open > 0 || generation <= 1) return
    await writeEvents(destination, id, [renewalEvent(await readRenewal(destination, id, generation))])
  })
  if (ended === null) {
    // Complete before, or taken over since.
    await requireOwnStart(destination, event.run)
    return done<CopySummary>({ planAnew: false })
  }
  const { open } = ended
  writeMetrics({ run: id }, { [METRICS.chunksLeft]: open })
  if (open === 0) return done<CopySummary>({ planAnew: false })
  return broken?.error ? failed(broken.error) : yielded()
}
