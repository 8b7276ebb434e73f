import { artefacts } from '../../core/cloud/artefacts.ts'
import { readKeptStreams } from '../../core/cloud/kept-streams.ts'
import type { ReportEvent, ReportOutput } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done, type StepError } from '../../core/runtime/verdict.ts'
import { buildReport } from './build-report.ts'
import { readReport, writeReport } from './documents.ts'
import { finishReport } from './finish-report.ts'
import { finalStatus } from './outcome.ts'
import { readAccess } from './read-artefacts.ts'

/** What FinishReport is called with: what Report was, how the run has ended, and how closing the access has. */
export interface FinishReportEvent extends ReportEvent {
  readonly outcome: ReportOutput
  /** The error of CloseAccess; `null` where everything was closed. */
  readonly closing: StepError | null
}

/**
 * FinishReport: the report once more, now that the access is closed, or is not: a run that leaves a way in open has not
 * succeeded. Where Report could write nothing, the whole report is made here.
 */
export const handler = stepHandler<ReportOutput, FinishReportEvent>('FinishReport', async (event, step) => {
  const store = artefacts(step.environment)
  const written = (await readReport(store, event.run)) ?? (await buildReport(event, step)).report
  const access = await readAccess(store, event.run)
  const kept = await readKeptStreams(store, event.run)
  const report = finishReport(written, { ...event, access, kept, at: step.clock().toISOString() })
  await writeReport(store, event.run, report)
  step.logger.info('RUN_ENDED', { status: finalStatus(report.status) })
  return done({ status: finalStatus(report.status), error: event.outcome.error ?? event.closing })
})
