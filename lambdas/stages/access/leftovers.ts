import type { RunIdentity } from '../../core/runtime/event.ts'
import { stateOfProcess } from '../../core/runtime/process-identity.ts'
import { type CloseHints, closeAccess } from './close.ts'
import { openRuns, readListing, unlistOpenRun } from './open-runs.ts'
import { othersTagged } from './others-tagged.ts'
import { readRecord } from './record.ts'
import { type AccessTools, LOCAL_STACK, stackOf, storeOf } from './tools.ts'

export interface Leftovers {
  /** The executions whose leftovers were closed. */
  readonly closed: readonly string[]
  /** Those left alone: they are at work on this machine, or nobody here can say. */
  readonly left: readonly string[]
}

/**
 * On one machine no status rule and no sweep comes after a run that was killed: the same run, started again, closes at its
 * end what the killed execution left. Another start of the run, a comparison or a plan of it may be at work meanwhile, and keeps what
 * it opened: closed is what has begun to be closed, or whose process is gone (`open/` says which one it was). Of an execution that wrote to another
 * directory, or on another machine, only its rules' tags tell, and not whether it lives: that is for the person at `sampan sweep` to
 * say. A deployed stack has its nets, and an execution that still runs may be among them.
 * @param asked somebody has asked for it: what nobody can tell about is closed as well
 */
export async function closeLeftovers(
  run: RunIdentity,
  hints: CloseHints,
  tools: AccessTools,
  asked = false,
): Promise<Leftovers> {
  if (stackOf(tools.environment) !== LOCAL_STACK) return { closed: [], left: [] }
  const store = storeOf(tools)
  const listed = (await openRuns(store)).filter(({ id, execution }) => id === run.id && execution !== run.execution)
  const tagged = await othersTagged(run, hints.regions, tools)
  const closed: string[] = []
  const left: string[] = []
  for (const execution of new Set([...listed.map((other) => other.execution), ...tagged])) {
    const other = { id: run.id, execution }
    const state = await stateOf(other, tools)
    if (state === 'closed' && !tagged.includes(execution)) {
      await unlistOpenRun(store, other)
    } else if (state === 'living' || (state === 'unknown' && !asked)) {
      tools.logger.warn('ACCESS_LEFT_TO_OTHERS', { execution, state })
      left.push(execution)
    } else {
      await closeAccess(other, hints, tools)
      await unlistOpenRun(store, other)
      tools.logger.warn('ACCESS_LEFTOVER_CLOSED', { leftBy: execution })
      closed.push(execution)
    }
  }
  return { closed, left }
}

const UNREADABLE = 'unreadable'

/** What another execution is at, as far as this directory and this machine tell. */
async function stateOf(other: RunIdentity, tools: AccessTools): Promise<'living' | 'ended' | 'closed' | 'unknown'> {
  const store = storeOf(tools)
  const process = (await readListing(store, other))?.process ?? null
  const state = process === null ? 'unknown' : await stateOfProcess(process)
  // One that cannot be read is told by its closing.
  const record = await readRecord(store, other).catch((): typeof UNREADABLE => UNREADABLE)
  if (record === UNREADABLE) return state === 'gone' ? 'ended' : state
  // Killed before it had written what it was about to open.
  if (record === null && state === 'gone') return 'closed'
  if (record !== null && record.closedAt !== null) return 'closed'
  // It has come to its end, whatever the process does now.
  if (record !== null && record.closingSince !== null) return 'ended'
  return state === 'gone' ? 'ended' : state
}
