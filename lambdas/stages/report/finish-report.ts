import type { ReportOutput } from '../../core/runtime/event.ts'
import type { StepError } from '../../core/runtime/verdict.ts'
import { reportError, secondsBetween } from './build-report.ts'
import type { AccessReport, Report } from './model.ts'
import { finalStatus } from './outcome.ts'
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

/**
 * The report with how the run has ended and how the access was closed. Once the access is closed nobody can read a ledger: a report that is
 * made here, or was before a ledger answered, knows less of the ending than whoever decided it. A first failure stays the run's error; the
 * one of closing becomes a note.
 */
export function finishReport(report: Report, { outcome, closing, access, kept, at }: Closing): Report {
  const own = outcome.status === 'refused' || outcome.error === null ? null : reportError(outcome.error)
  const ended = finalStatus(report.status) === outcome.status ? report.status : outcome.status
  const closingNote = closing === null || own === null ? null : `${closing.code}: ${closing.message}. ${closing.remedy}`
  const keptNotes = kept.map((message) => `FOLLOW_SLOT_KEPT: ${message}`)
  return {
    ...report,
    status: closing === null ? ended : 'failed',
    databases: ended === 'succeeded' || ended === 'incomplete' ? report.databases.map(asEnded) : report.databases,
    error: own ?? (closing === null ? null : reportError(closing)),
    access: access.note === null ? access.content : report.access,
    finishedAt: at,
    seconds: secondsBetween(report.startedAt, at),
    // A Set: this step may be tried again over the report it has written.
    notes: [...new Set([...report.notes, access.note, closingNote, ...keptNotes].filter((note) => note !== null))],
  }
}

/** Of a run that came to its end every database did, whatever could be read of it. */
function asEnded(database: Report['databases'][number]): Report['databases'][number] {
  return database.status === 'failed' ? { ...database, status: 'succeeded' } : database
}
