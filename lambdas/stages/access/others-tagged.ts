import { securityGroups } from '../../core/cloud/security-groups.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import { fromTags, RUN_TAG } from './tags.ts'
import { type AccessTools, LOCAL_STACK } from './tools.ts'

/** Other executions of the run without a stack whose rules stand in these regions, wherever they write their documents. */
export async function othersTagged(
  run: RunIdentity,
  regions: Iterable<string>,
  tools: AccessTools,
): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const region of regions) {
    const rules = await securityGroups(tools.environment, region, tools.signal).rulesTagged(RUN_TAG, run.id)
    for (const rule of rules) {
      const owner = fromTags(rule.tags)
      if (owner?.stack === LOCAL_STACK && owner.execution !== run.execution) found.add(owner.execution)
    }
  }
  return [...found]
}
