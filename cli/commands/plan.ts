import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { visibleIn } from '../../lambdas/core/present/visible.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import { newExecutionName } from '../execution-name.ts'
import { exitStatus } from '../exit-status.ts'
import { makeOutDirectory } from '../out-directory.ts'
import { type MadePlan, makePlan, type PlanOutcome } from '../plan/make-plan.ts'
import { planDocument } from '../plan/plan-document.ts'
import { writePlan } from '../plan/plan-file.ts'
import { planText } from '../plan/plan-text.ts'
import { requireSqlFile } from '../plan/sql-file.ts'
import { sqlText } from '../plan/sql-text.ts'
import { withEstimates } from '../plan/with-estimates.ts'
import { readTaskOrRefuse } from '../read-task.ts'
import { stoppable } from '../stoppable.ts'
import { printOutcome } from '../summary/print.ts'
import { type EndOptions, readTaskInput, withEndOptions } from '../task-input.ts'

interface Options extends EndOptions {
  readonly out: string
  readonly sql?: string
  readonly json?: boolean
}

export function planCommand(): Command {
  return withEndOptions(new Command('plan'))
    .description(
      'Check a task and tell what a run of it would do: objects, rows, openings, and a hash to hold a run to. Nothing of it is done.',
    )
    .argument('[task]', 'a task as JSON, or - for standard input')
    .option('--out <directory>', 'where the plan, the report and the log are written', 'out')
    .option('--sql <file>', 'write every statement that would run on the destination, in order, as psql takes it')
    .option('--json', 'the plan as JSON')
    .action(async (path: string | undefined, options: Options) => {
      const { input, named, name } = await readTaskInput(path, options)
      const task = readTaskOrRefuse(input, named, options.json)
      if (task === null) return
      if (options.sql !== undefined) await requireSqlFile(options.sql)
      const directory = await makeOutDirectory(options.out)
      const { result, unexpected } = await stoppable(async (signal) => {
        const executionName = newExecutionName(task.name)
        const display = options.json ? 'none' : 'auto'
        const made = await makePlan({ input, task, executionName, directory, display, signal }, { measures: true })
        if (made.plan === null) await printOutcome(made.outcome, directory, options.json ? 'json' : 'text')
        else
          await tell(made, made.plan, task, {
            ...options,
            command: name === null && path !== undefined ? `sampan run ${path}` : 'sampan run …',
            directory,
          })
        return made.outcome.exitStatus
      })
      process.exitCode = unexpected ? exitStatus.failed : result
    })
}

interface Place extends Options {
  /** What runs the same task. */
  readonly command: string
  readonly directory: string
}

async function tell({ outcome }: PlanOutcome, plan: MadePlan, task: Task, place: Place): Promise<void> {
  const { directory, sql, command } = place
  const document = planDocument(plan, task)
  await writePlan(directory, document)
  if (sql !== undefined) await writeFile(sql, sqlText(task.name, plan.hash, plan.databases), { mode: 0o600 })
  if (place.json) {
    process.stdout.write(`${JSON.stringify(document)}\n`)
    return
  }
  const report = withEstimates(plan.report, plan.databases)
  await printOutcome({ ...outcome, reportText: JSON.stringify(report) }, directory, 'text')
  process.stdout.write(`\n${planText(visibleIn({ ...plan, report }), task, command)}\n`)
  if (sql !== undefined) process.stdout.write(`Statements: ${sql}\n`)
}
