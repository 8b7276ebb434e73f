import type { Task } from '../../lambdas/core/task/task.ts'
import { type Report, reportSchema } from '../../lambdas/stages/report/model.ts'
import { loadHandlers } from '../../local/handlers.ts'
import { exitStatus } from '../exit-status.ts'
import { runTask, type TaskOutcome, type TaskRun } from '../run-task.ts'
import type { DatabasePlan } from './database-plan.ts'
import { type PlanEntry, planEntries, planHash } from './digest.ts'
import { watchPlans } from './watch-plans.ts'

/** A plan, with all that it was made of. */
export interface MadePlan {
  readonly hash: string
  readonly entries: readonly PlanEntry[]
  /** In the task's order. */
  readonly databases: readonly DatabasePlan[]
  readonly report: Report
}

/** What making a plan came to. */
export interface PlanOutcome {
  readonly outcome: TaskOutcome
  /** `null` where the precheck refuses or a step failed: the outcome says so. */
  readonly plan: MadePlan | null
}

/** Runs the workflow on this machine as far as a plan goes: it is opened, checked, planned, and closed again. */
export async function makePlan(run: Omit<TaskRun, 'handlers'>): Promise<PlanOutcome> {
  const task: Task = { ...run.task, mode: 'plan' }
  const input = { ...(run.input as object), mode: 'plan' }
  const found = new Map<string, DatabasePlan>()
  const handlers = watchPlans(await loadHandlers(), async (plan) => void found.set(plan.name, plan))
  const outcome = await runTask({ ...run, input, task, handlers })
  const databases = task.databases.flatMap(({ name }) => found.get(name) ?? [])
  const whole = outcome.exitStatus === exitStatus.done && databases.length === task.databases.length
  if (!whole || outcome.reportText === null) return { outcome, plan: null }
  const report = reportSchema.parse(JSON.parse(outcome.reportText))
  const entries = planEntries(task, databases)
  return { outcome, plan: { hash: planHash(entries), entries, databases, report } }
}
