import { loadHandlers } from '../../local/handlers.ts'
import { exitStatus } from '../exit-status.ts'
import { toMessage } from '../notify/alert.ts'
import { runTask, type TaskOutcome, type TaskRun } from '../run-task.ts'
import { databaseEntries, type PlanEntry } from './digest.ts'
import { describeDrift, planChanged } from './drift.ts'
import { makePlan } from './make-plan.ts'
import { readPlanEntries } from './plan-file.ts'
import { watchPlans } from './watch-plans.ts'

/**
 * Runs a task as it was planned. The plan is made once more, of all databases, before anything is made of it; and each database is looked
 * at again when the run itself has planned it, so that what changed in between is found as well.
 * @param hash what `sampan plan` printed
 * @returns of a run that was not started, an outcome with the error PLAN_CHANGED
 */
export async function runAsPlanned(run: Omit<TaskRun, 'handlers'>, hash: string): Promise<TaskOutcome> {
  const known = await readPlanEntries(run.directory, hash)
  const { outcome, plan } = await makePlan(
    { ...run, executionName: `${run.executionName.slice(0, 75)}-plan` },
    { measures: false },
  )
  if (plan === null || run.signal.aborted) return outcome
  if (plan.hash !== hash) {
    const { code, message, remedy } = planChanged(
      hash,
      plan.hash,
      known === null ? null : describeDrift(known, plan.entries),
    )
    const told = { id: run.task.name, execution: run.executionName }
    run.notify?.notifier.tell(toMessage({ code, message, remedy, database: null }, told, new Date()))
    return { ...outcome, exitStatus: exitStatus.refused, error: { code, message, remedy } }
  }
  const of = (database: string, entries: readonly PlanEntry[]) => entries.filter((entry) => entry.database === database)
  const handlers = watchPlans(await loadHandlers(), async (found) => {
    const changes = describeDrift(of(found.name, plan.entries), databaseEntries(found))
    if (changes !== '') throw planChanged(hash, 'another one', changes)
  })
  return runTask({ ...run, handlers })
}
