import type { RunIdentity } from '../runtime/event.ts'
import { closeAccess } from './close.ts'
import { listRecords, readRecord } from './record.ts'
import { type AccessTools, storeOf } from './tools.ts'

/**
 * On one machine no status rule and no sweep comes after a run that was killed: the same run, started again, closes at its
 * end what the killed execution left. A deployed stack has its nets, and an execution that still runs may be among them.
 */
export async function closeLeftovers(run: RunIdentity, tools: AccessTools): Promise<void> {
  if (tools.environment.SAMPAN_STACK !== undefined) return
  const store = storeOf(tools)
  for (const other of await listRecords(store)) {
    if (other.id !== run.id || other.execution === run.execution) continue
    const record = await readRecord(store, other)
    if (record === null || record.closedAt !== null || record.stack !== 'local') continue
    await closeAccess(other, { regions: [], whitelists: [] }, tools)
    tools.logger.warn('ACCESS_LEFTOVER_CLOSED', { leftBy: other.execution })
  }
}
