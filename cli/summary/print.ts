import { join, relative } from 'node:path'
import { visibleIn } from '../../lambdas/core/present/visible.ts'
import { type Report, reportSchema } from '../../lambdas/stages/report/model.ts'
import { findEntry, readCatalogue } from '../errors/catalogue.ts'
import { exitStatus } from '../exit-status.ts'
import { errorText } from '../problem-text.ts'
import type { EventOf } from '../progress/events.ts'
import { eventLine } from '../progress/json.ts'
import type { TaskOutcome } from '../run-task.ts'
import { summaryText } from './summary.ts'

/** The last event of a run: how it ended. */
export function endEvent({ exitStatus: status, error, milliseconds, report }: TaskOutcome): EventOf<'end'> {
  // Not taken apart: the message of an Error is none of the properties that JSON takes along.
  const told = error === null ? null : { code: error.code, message: error.message, remedy: error.remedy }
  return { type: 'end', at: new Date().toISOString(), exitStatus: status, error: told, milliseconds, report }
}

/** Prints how a run ended: the summary of its report, the error, and where everything is. */
export async function printOutcome(outcome: TaskOutcome, directory: string, as: 'text' | 'json'): Promise<void> {
  const report = outcome.reportText === null ? null : reportSchema.parse(JSON.parse(outcome.reportText))
  if (as === 'json') {
    process.stdout.write(eventLine(endEvent(outcome)))
    return
  }
  if (report !== null)
    process.stdout.write(`\n${summaryText(visibleIn(report), outcome.milliseconds, outcome.untouched)}\n`)
  if (outcome.error !== null && !isToldBy(report, outcome)) process.stderr.write(`\n${errorText(outcome.error)}\n`)
  if (outcome.report !== null) {
    const page = relative(process.cwd(), join(directory, 'report.html'))
    process.stdout.write(`Report: ${page} (and report.json, log.jsonl beside it)\n`)
  }
  const code = codeToExplain(report, outcome)
  if (code !== null) process.stdout.write(`What it means and what to do: sampan explain ${code}\n`)
}

/** What stopped the run: of a refused one the first check that blocks, else the first error that the catalogue knows. */
function codeToExplain(report: Report | null, { error, exitStatus: status }: TaskOutcome): string | null {
  if (error === null) return null
  const blocking = report?.prechecks.filter(({ blocks }) => blocks) ?? []
  const failed = [error, report?.error, ...(report?.databases ?? []).map((database) => database.error)]
  const catalogue = readCatalogue()
  const codes = (status === exitStatus.refused ? blocking : failed).flatMap((one) => (one ? [one.code] : []))
  return codes.find((code) => findEntry(catalogue, code) !== null) ?? null
}

/** The summary has told the checks that refuse, and the errors of the databases. */
function isToldBy(report: Report | null, { error, exitStatus: status }: TaskOutcome): boolean {
  if (report === null) return false
  if (error?.code === 'PLAN_CHANGED') return report.databases.some((database) => database.error?.code === error.code)
  return status === exitStatus.refused || report.databases.some((database) => database.error?.code === error?.code)
}
