import type { ReportOutput } from '../../core/runtime/event.ts'
import type { StepError } from '../../core/runtime/verdict.ts'
import { reportError, secondsBetween } from './build-report.ts'
import type { AccessReport, Report } from './model.ts'
import type { ReadDocument } from './read-artefacts.ts'

/** What is known when the access has been closed. */
export interface Closing {
  readonly outcome: ReportOutput
  /** The error of CloseAccess; `null` where everything was closed. */
  readonly closing: StepError | null
  /** The record of the access as it is now. */
  readonly access: ReadDocument<AccessReport>
  /** What is told of each slot that stays on the source. */
  readonly kept: readonly string[]
  /** Now, ISO 8601. */
  readonly at: string
}

/** The report with how the access was closed. A first failure stays the run's error; the one of closing becomes a note. */
export function finishReport(report: Report, { outcome, closing, access, kept, at }: Closing): Report {
  // Report itself may have failed after all it had written said otherwise.
  const own = outcome.status === 'refused' ? null : outcome.error
  const error = report.error ?? (own === null ? null : reportError(own))
  const failed = closing !== null || outcome.status === 'failed'
  const closingNote =
    closing === null || error === null ? null : `${closing.code}: ${closing.message}. ${closing.remedy}`
  const keptNotes = kept.map((message) => `FOLLOW_SLOT_KEPT: ${message}`)
  return {
    ...report,
    status: failed ? 'failed' : report.status,
    error: error ?? (closing === null ? null : reportError(closing)),
    access: access.note === null ? access.content : report.access,
    finishedAt: at,
    seconds: secondsBetween(report.startedAt, at),
    // A Set: this step may be tried again over the report it has written.
    notes: [...new Set([...report.notes, access.note, closingNote, ...keptNotes].filter((note) => note !== null))],
  }
}
