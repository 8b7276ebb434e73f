import { artefacts } from '../../core/cloud/artefacts.ts'
import type { ReportEvent, ReportOutput } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done } from '../../core/runtime/verdict.ts'
import { buildReport } from './build-report.ts'
import { writeReport } from './documents.ts'
import { finalStatus } from './outcome.ts'

/**
 * Report: writes report.json and report.html and says how the run has ended. A ledger that cannot be reached is no reason
 * to fail: the report says so. Only a report that cannot be written is an error, tried again while its window is open.
 */
export const handler = stepHandler<ReportOutput, ReportEvent>('Report', async (event, step) => {
  const { report, error } = await buildReport(event, step)
  await writeReport(artefacts(step.environment), event.run, report)
  step.logger.info('REPORT_WRITTEN', { status: report.status, notes: report.notes.length })
  return done({ status: finalStatus(report.status), error })
})
