import { fileArtefacts } from '../../lambdas/core/cloud/artefacts-file.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import { readTables } from '../../lambdas/stages/report/details.ts'
import { type Report, reportSchema } from '../../lambdas/stages/report/model.ts'
import { loadHandlers } from '../../local/handlers.ts'
import { exitStatus } from '../exit-status.ts'
import { runTask, type TaskOutcome, type TaskRun } from '../run-task.ts'
import type { DatabasePlan } from './database-plan.ts'
import { type PlanEntry, planEntries, planHash } from './digest.ts'
import { type Measured, measure } from './measure.ts'
import { watchPlans } from './watch-plans.ts'

/** A plan, with all that it was made of. */
export interface MadePlan {
  readonly hash: string
  readonly entries: readonly PlanEntry[]
  /** In the task's order. */
  readonly databases: readonly DatabasePlan[]
  readonly report: Report
  /** By the database's name on the source; empty where nothing was to be measured. */
  readonly measured: ReadonlyMap<string, Measured>
  /** How long the plan took without its measuring, seconds. */
  readonly seconds: number
}

/** What making a plan came to. */
export interface PlanOutcome {
  readonly outcome: TaskOutcome
  /** `null` where the precheck refuses or a step failed: the outcome says so. */
  readonly plan: MadePlan | null
}

/** So many databases are measured; the others are taken for as fast as these. */
const MOST_MEASURED = 4

/** Runs the workflow on this machine as far as a plan goes: it is opened, checked, planned, and closed again. */
export async function makePlan(
  run: Omit<TaskRun, 'handlers'>,
  options: { readonly measures: boolean },
): Promise<PlanOutcome> {
  const task: Task = { ...run.task, mode: 'plan' }
  const input = { ...(run.input as object), mode: 'plan' }
  const found = new Map<string, DatabasePlan>()
  const measured = new Map<string, Measured>()
  // One database after the other, or they would measure each other.
  let before = Promise.resolve()
  const handlers = watchPlans(await loadHandlers(), async (plan, event) => {
    found.set(plan.name, plan)
    if (!options.measures || plan.sealed || measured.size >= MOST_MEASURED) return
    before = before.then(async () => {
      if (measured.size < MOST_MEASURED) measured.set(plan.name, await measure(event, plan, run.signal))
    })
    await before
  })
  const outcome = await runTask({ ...run, input, task, handlers })
  const databases = task.databases.flatMap(({ name }) => found.get(name) ?? [])
  const whole = outcome.exitStatus === exitStatus.done && databases.length === task.databases.length
  if (!whole || outcome.reportText === null) return { outcome, plan: null }
  const report = await withAllTables(reportSchema.parse(JSON.parse(outcome.reportText)), run.directory)
  const entries = planEntries(task, databases)
  const measuring = [...measured.values()].reduce((sum, one) => sum + one.seconds, 0)
  const seconds = Math.max(0, outcome.milliseconds / 1000 - measuring)
  return { outcome, plan: { hash: planHash(entries), entries, databases, report, measured, seconds } }
}

/** A plan names every table, where the report leaves some of many to its details. */
async function withAllTables(report: Report, directory: string): Promise<Report> {
  const store = fileArtefacts(directory)
  const databases = report.databases.map(async (database) =>
    database.details === null ? database : { ...database, tables: await readTables(store, database.details) },
  )
  return { ...report, databases: await Promise.all(databases) }
}
