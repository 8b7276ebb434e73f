import { securityGroups } from '../../core/cloud/security-groups.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import { type CloseHints, closeAccess } from './close.ts'
import { openRuns, unlistOpenRun } from './open-runs.ts'
import { readRecord } from './record.ts'
import { fromTags, RUN_TAG } from './tags.ts'
import { type AccessTools, LOCAL_STACK, stackOf, storeOf } from './tools.ts'

/**
 * On one machine no status rule and no sweep comes after a run that was killed: the same run, started again, closes at its
 * end what the killed execution left, found by its record in this directory and, whatever directory that one wrote to, by the
 * rules' tags. The whitelist group is the run's own and is emptied anyway. A deployed stack has its nets, and an execution that
 * still runs may be among them.
 * @returns the executions whose leftovers were closed
 */
export async function closeLeftovers(
  run: RunIdentity,
  hints: CloseHints,
  tools: AccessTools,
): Promise<readonly string[]> {
  if (stackOf(tools.environment) !== LOCAL_STACK) return []
  const found = new Set([...(await recorded(run, tools)), ...(await tagged(run, hints, tools))])
  const closed: string[] = []
  for (const execution of found) {
    const other = { id: run.id, execution }
    await closeAccess(other, hints, tools)
    await unlistOpenRun(storeOf(tools), other)
    tools.logger.warn('ACCESS_LEFTOVER_CLOSED', { leftBy: execution })
    closed.push(execution)
  }
  return closed
}

/** Other executions of the run with a record in this store that is not closed. */
async function recorded(run: RunIdentity, tools: AccessTools): Promise<readonly string[]> {
  const store = storeOf(tools)
  const found: string[] = []
  for (const other of await openRuns(store)) {
    if (other.id !== run.id || other.execution === run.execution) continue
    const record = await readRecord(store, other)
    if (record !== null && record.closedAt === null) found.push(other.execution)
    else await unlistOpenRun(store, other)
  }
  return found
}

/** Other executions of the run whose rules stand in these regions. */
async function tagged(run: RunIdentity, { regions }: CloseHints, tools: AccessTools): Promise<readonly string[]> {
  const found: string[] = []
  for (const region of regions) {
    const rules = await securityGroups(tools.environment, region, tools.signal).rulesTagged(RUN_TAG, run.id)
    for (const rule of rules) {
      const owner = fromTags(rule.tags)
      if (owner?.stack === LOCAL_STACK && owner.execution !== run.execution) found.push(owner.execution)
    }
  }
  return found
}
