import { unreservedConcurrency } from '../../../core/cloud/concurrency.ts'
import { functionsAtOnce, lanesWithin } from '../../../core/task/lanes.ts'
import { type Check, passed } from '../check.ts'
import { CannotRun } from '../context.ts'

/** For the judges, and for what closes access when an execution ends: lanes must never keep those from working. */
const KEPT_FREE = 2
/** Asking another service must not hold up the whole precheck. */
const PATIENCE_MILLISECONDS = 10_000

/** In a deployed run each lane and each keeper is a function at work. */
export const concurrencyShort: Check = {
  code: 'ACCOUNT_CONCURRENCY_SHORT',
  side: 'both',
  level: 'error',
  scope: 'task',
  needs: [],
  title: 'the AWS account lets as many functions work at once as the task needs',
  cause: 'the account’s quota of concurrent functions is smaller than the lanes and keepers of the task',
  remedy:
    'lower "lanes" (at 10, as in new accounts: 3), or have the quota "Concurrent executions" of AWS Lambda raised',
  async run({ environment, event }) {
    if (environment.SAMPAN_STACK === undefined) throw new CannotRun('irrelevant', 'the run is not a deployed one')
    const quota = await ask(environment)
    const needed = functionsAtOnce(event.task) + KEPT_FREE
    if (needed <= quota) return passed
    const lanes = lanesWithin(event.task, quota - KEPT_FREE)
    const field = event.task.lanes === 'auto' ? 'mostLanes' : 'lanes'
    const lower =
      lanes > 0 ? `set "${field}" to ${lanes} or less` : `make tasks of one database each, with "${field}": 1`
    return [
      {
        cause: `the task has up to ${needed} functions at work at once, the account may have ${quota}`,
        remedy: `${lower}, or have the quota "Concurrent executions" of AWS Lambda raised to at least ${needed}`,
      },
    ]
  },
}

async function ask(environment: Parameters<typeof unreservedConcurrency>[0]): Promise<number> {
  const quota = await unreservedConcurrency(environment, AbortSignal.timeout(PATIENCE_MILLISECONDS)).catch(
    (thrown: unknown) => {
      const why = thrown instanceof Error ? thrown.message : String(thrown)
      throw new CannotRun('unknown', `the quota of functions is not known: ${why}`)
    },
  )
  if (quota === null) throw new CannotRun('unknown', 'AWS did not say how many functions may work at once')
  return quota
}
