import { artefacts } from '../../core/cloud/artefacts.ts'
import { openEnding } from '../../core/ledger/story/story.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { ReportEvent, ReportOutput } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done } from '../../core/runtime/verdict.ts'
import { type BuiltReport, buildReport } from './build-report.ts'
import { writeReport } from './documents.ts'
import { finalStatus } from './outcome.ts'
import { LEDGER_UNREAD } from './unread.ts'

/**
 * Report: writes report.json and report.html and says how the run has ended. Where that hangs on a ledger that cannot be read, the
 * report says so and the step is tried again while its window is open; any other ledger that cannot be reached is a note, and no reason to
 * fail. A report that cannot be written is tried again as well. Behind the window the step is called once more (DecideOutcome), and only
 * decides how the run has ended, by the little of each ledger that it takes: the migration is what it is without a report.
 */
export const handler = stepHandler<ReportOutput, ReportEvent>('Report', async (event, step) => {
  const { unwritten } = event
  if (unwritten) {
    const built = await buildReport(event, step, openEnding)
    const { report, error } = built
    const status = finalStatus(report.status)
    if (unwritten.code === LEDGER_UNREAD) return done({ status, error })
    step.logger.error('REPORT_NOT_WRITTEN', { because: unwritten.code, status: report.status })
    refuseUnread(built)
    return done({ status, error, unwritten })
  }
  const built = await buildReport(event, step)
  const { report, error } = built
  await writeReport(artefacts(step.environment), event.run, report)
  step.logger.info('REPORT_WRITTEN', { status: report.status, notes: report.notes.length })
  refuseUnread(built)
  return done({ status: finalStatus(report.status), error })
})

/** @throws LEDGER_UNREAD */
function refuseUnread({ error, mayBeAskedAgain }: BuiltReport): void {
  if (error?.code === LEDGER_UNREAD) throw new SampanError({ ...error, retryable: mayBeAskedAgain })
}
