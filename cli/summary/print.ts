import { join, relative } from 'node:path'
import { type Report, reportSchema } from '../../lambdas/stages/report/model.ts'
import { exitStatus } from '../exit-status.ts'
import { errorText } from '../problem-text.ts'
import type { TaskOutcome } from '../run-task.ts'
import { summaryText } from './summary.ts'

/** Prints how a run ended: the summary of its report, the error, and where everything is. */
export async function printOutcome(outcome: TaskOutcome, directory: string, as: 'text' | 'json'): Promise<void> {
  const report = outcome.reportText === null ? null : reportSchema.parse(JSON.parse(outcome.reportText))
  if (as === 'json') {
    const { exitStatus: status, error, milliseconds } = outcome
    process.stdout.write(
      `${JSON.stringify({ type: 'end', exitStatus: status, error, milliseconds, report: outcome.report })}\n`,
    )
    return
  }
  if (report !== null) process.stdout.write(`\n${summaryText(report, outcome.milliseconds, outcome.untouched)}\n`)
  if (outcome.error !== null && !isToldBy(report, outcome)) process.stderr.write(`\n${errorText(outcome.error)}\n`)
  if (outcome.report !== null) {
    const page = relative(process.cwd(), join(directory, 'report.html'))
    process.stdout.write(`Report: ${page} (and report.json, log.jsonl beside it)\n`)
  }
}

/** The summary has told the checks that refuse, and the errors of the databases. */
function isToldBy(report: Report | null, { error, exitStatus: status }: TaskOutcome): boolean {
  if (report === null) return false
  return status === exitStatus.refused || report.databases.some((database) => database.error?.code === error?.code)
}
