import manifest from '../../../package.json' with { type: 'json' }
import { artefacts } from '../../core/cloud/artefacts.ts'
import { databaseResults } from '../../core/cloud/database-errors.ts'
import { wholeTask } from '../../core/cloud/database-list.ts'
import { openStory } from '../../core/ledger/story/story.ts'
import { PG_DUMP_VERSION } from '../../core/postgres/pg-dump-version.ts'
import type { ReportEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import type { StepError } from '../../core/runtime/verdict.ts'
import { migrates } from '../../core/task/mode.ts'
import { readEstimate, taskHash } from './estimate.ts'
import { gatherDatabases } from './gather.ts'
import type { Report, ReportError } from './model.ts'
import { decideOutcome } from './outcome.ts'
import { fewerPrechecks, readAccess, readPrechecks } from './read-artefacts.ts'
import { Room } from './room.ts'
import { taskReport } from './task-report.ts'
import { LEDGER_UNREAD } from './unread.ts'

/** The report, and the error by which the execution ends. */
export interface BuiltReport {
  readonly report: Report
  readonly error: StepError | null
  /** How the run has ended hangs on ledgers that may be read when they are asked once more. */
  readonly mayBeAskedAgain: boolean
}

/**
 * Gathers the run's story and judges how it has ended. What cannot be read is said in the report's notes.
 * @param openLedger how much of a ledger is read
 */
export async function buildReport(given: ReportEvent, step: StepTools, openLedger = openStory): Promise<BuiltReport> {
  const store = artefacts(step.environment)
  const task = await wholeTask(store, given)
  const results = await databaseResults(store, given.run, task.databases, given.results)
  const event = { ...given, task, results }
  const shown = taskReport(task)
  const common = {
    mode: task.mode,
    validation: task.validation.mode,
    sides: shown,
    room: new Room(task.databases.length),
  }
  const [gathered, prechecks, access, estimate] = await Promise.all([
    gatherDatabases(event, { step, store, common, openLedger }),
    readPrechecks(store, event.run),
    readAccess(store, event.run),
    migrates(event.task.mode) ? readEstimate(store, event.run.id) : null,
  ])
  const { databases, unread } = gathered
  const { status, error } = decideOutcome({
    ...event,
    mode: event.task.mode,
    inTurns: event.task.onDatabaseError === 'stop',
    databases,
    unread,
    prechecks: prechecks.content.checks,
  })
  const now = step.clock().toISOString()
  const beginnings = [
    ...databases.map((database) => database.startedAt),
    ...access.content.opened.map((entry) => entry.openedAt),
  ]
  const startedAt = earliest(beginnings) ?? now
  const listed = fewerPrechecks(prechecks.content.checks)
  const report: Report = {
    version: 1,
    status,
    run: event.run.id,
    execution: event.run.execution,
    task: shown,
    taskHash: taskHash(shown),
    versions: { sampan: manifest.version, pgDump: PG_DUMP_VERSION },
    estimate,
    startedAt,
    finishedAt: now,
    seconds: secondsBetween(startedAt, now),
    // A refusal is told by the checks themselves.
    error: error === null || status === 'refused' ? null : reportError(error),
    databases,
    prechecks: listed,
    prechecksLeft: prechecks.content.checks.length - listed.length,
    score: prechecks.content.score,
    access: access.content,
    notes: fewerNotes([prechecks.note, access.note, ...gathered.notes].filter((note) => note !== null)),
  }
  const mayBeAskedAgain = error?.code === LEDGER_UNREAD && unread.some(({ retryable }) => retryable)
  return { report, error, mayBeAskedAgain }
}

/** Of every database one may not have been reached. */
const NOTES = 100

function fewerNotes(notes: readonly string[]): string[] {
  if (notes.length <= NOTES) return [...notes]
  return [...notes.slice(0, NOTES - 1), `${notes.length - NOTES + 1} more like these`]
}

/** Without the kind, which only the retry rule reads. */
export function reportError({ kind: _, ...error }: StepError): ReportError {
  return error
}

/** The clocks of two machines may differ by a little: never negative. */
export function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)
}

function earliest(times: readonly (string | null | undefined)[]): string | null {
  return times.filter((time) => typeof time === 'string').sort()[0] ?? null
}
