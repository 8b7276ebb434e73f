import manifest from '../../../package.json' with { type: 'json' }
import { artefacts } from '../../core/cloud/artefacts.ts'
import { databaseResults } from '../../core/cloud/database-errors.ts'
import { wholeTask } from '../../core/cloud/database-list.ts'
import { readStory } from '../../core/ledger/story/story.ts'
import { PG_DUMP_VERSION } from '../../core/postgres/pg-dump-version.ts'
import type { ReportEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import type { StepError } from '../../core/runtime/verdict.ts'
import { migrates } from '../../core/task/mode.ts'
import { databaseReport } from './database-report.ts'
import { readEstimate, taskHash } from './estimate.ts'
import { gatherDatabases } from './gather.ts'
import type { Report, ReportError } from './model.ts'
import { decideOutcome } from './outcome.ts'
import { readAccess, readPrechecks } from './read-artefacts.ts'
import { taskReport } from './task-report.ts'

/** The report, and the error by which the execution ends. */
export interface BuiltReport {
  readonly report: Report
  readonly error: StepError | null
}

/**
 * Gathers the run's story and judges how it has ended. What cannot be read is said in the report's notes.
 * @param read how much of a ledger
 */
export async function buildReport(given: ReportEvent, step: StepTools, read = readStory): Promise<BuiltReport> {
  const store = artefacts(step.environment)
  const task = await wholeTask(store, given)
  const results = await databaseResults(store, given.run, task.databases, given.results)
  const event = { ...given, task, results }
  const [gathered, prechecks, access, estimate] = await Promise.all([
    gatherDatabases(event, step, read),
    readPrechecks(store, event.run),
    readAccess(store, event.run),
    migrates(event.task.mode) ? readEstimate(store, event.run.id) : null,
  ])
  const databases = gathered.databases.map((facts) => databaseReport(facts, event.task))
  const { status, error } = decideOutcome({
    ...event,
    mode: event.task.mode,
    inTurns: event.task.onDatabaseError === 'stop',
    databases,
    prechecks: prechecks.content.checks,
  })
  const now = step.clock().toISOString()
  const beginnings = [
    ...databases.map((database) => database.startedAt),
    ...access.content.opened.map((entry) => entry.openedAt),
  ]
  const startedAt = earliest(beginnings) ?? now
  const shown = taskReport(event.task)
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
    prechecks: [...prechecks.content.checks],
    score: prechecks.content.score,
    access: access.content,
    notes: [...gathered.notes, prechecks.note, access.note].filter((note) => note !== null),
  }
  return { report, error }
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
