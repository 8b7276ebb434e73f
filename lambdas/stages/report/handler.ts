import { artefacts } from '../../core/cloud/artefacts.ts'
import { openEnding } from '../../core/ledger/story/story.ts'
import type { ReportEvent, ReportOutput } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done } from '../../core/runtime/verdict.ts'
import { buildReport } from './build-report.ts'
import { writeReport } from './documents.ts'
import { finalStatus } from './outcome.ts'

/**
 * Report: writes report.json and report.html and says how the run has ended. A ledger that cannot be reached is no reason
 * to fail: the report says so. Only a report that cannot be written is an error, tried again while its window is open; behind that
 * the step is called once more (DecideOutcome), and only decides how the run has ended: the migration is what it is without it.
 */
export const handler = stepHandler<ReportOutput, ReportEvent>('Report', async (event, step) => {
  if (event.unwritten) {
    const { report, error } = await buildReport(event, step, openEnding)
    step.logger.error('REPORT_NOT_WRITTEN', { because: event.unwritten.code, status: report.status })
    return done({ status: finalStatus(report.status), error, unwritten: event.unwritten })
  }
  const { report, error } = await buildReport(event, step)
  await writeReport(artefacts(step.environment), event.run, report)
  step.logger.info('REPORT_WRITTEN', { status: report.status, notes: report.notes.length })
  return done({ status: finalStatus(report.status), error })
})
