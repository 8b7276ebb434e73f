import { defaultRegion } from '../cloud/environment.ts'
import type { ExecutionState } from '../cloud/executions.ts'
import { ownGroups } from '../cloud/own-groups.ts'
import { securityGroups } from '../cloud/security-groups.ts'
import { toSampanError } from '../runtime/errors.ts'
import { closeAccess } from './close.ts'
import { listRecords, readRecord } from './record.ts'
import { EXECUTION_TAG, fromTags } from './tags.ts'
import { mayMakeGroups } from './temporary-groups.ts'
import { type AccessTools, stackOf, storeOf } from './tools.ts'

export interface Sweep {
  /** Executions left alone. */
  readonly kept: readonly string[]
  /** Executions whose leftovers are gone now. */
  readonly closed: readonly string[]
  /** Executions whose leftovers are still there, with the reason. */
  readonly failed: readonly { readonly execution: string; readonly message: string }[]
}

/** Something that looks open, by tag or by record. */
interface Suspect {
  readonly execution: string
  readonly run: string
  readonly stack: string
  readonly openedAt: string
  readonly expiresAt: string
  readonly regions: Set<string>
}

/** An execution that has only just begun may not be known yet, and must not be swept for that. */
const YOUNG_MILLISECONDS = 3_600_000

/**
 * The last net: finds rules by their tags and whitelist groups by the records, asks what became of their executions, and
 * closes what nobody uses any more. An execution that fails to be closed does not keep the others from it.
 */
export async function sweep(
  stateOf: (execution: string) => Promise<ExecutionState>,
  tools: AccessTools,
): Promise<Sweep> {
  const kept: string[] = []
  const closed: string[] = []
  const failed: { execution: string; message: string }[] = []
  for (const suspect of await findSuspects(tools)) {
    const { execution } = suspect
    try {
      if (!(await mayClose(suspect, stateOf, tools))) {
        kept.push(execution)
        continue
      }
      await closeAccess({ id: suspect.run, execution }, { regions: [...suspect.regions], whitelists: [] }, tools)
      closed.push(execution)
    } catch (error) {
      tools.signal.throwIfAborted()
      failed.push({ execution, message: toSampanError(error).message })
    }
  }
  return { kept, closed, failed }
}

/**
 * Only what belongs to this stack: another stack's state machine cannot be asked about here, and the rights to remove its
 * rules are its own. Past its expiry whatever its execution does, before it when the execution is over.
 */
async function mayClose(
  suspect: Suspect,
  stateOf: (execution: string) => Promise<ExecutionState>,
  tools: AccessTools,
): Promise<boolean> {
  if (suspect.stack !== stackOf(tools.environment)) return false
  const now = tools.clock().getTime()
  if (suspect.expiresAt !== '' && Date.parse(suspect.expiresAt) <= now) return true
  const state = await stateOf(suspect.execution)
  if (state === 'unknown') return Date.parse(suspect.openedAt) + YOUNG_MILLISECONDS <= now
  return state === 'ended'
}

async function findSuspects(tools: AccessTools): Promise<readonly Suspect[]> {
  const suspects = new Map<string, Suspect>()
  const suspect = (found: Omit<Suspect, 'regions'>, regions: readonly string[]) => {
    const known = suspects.get(found.execution) ?? { ...found, regions: new Set<string>() }
    for (const region of regions) known.regions.add(region)
    suspects.set(found.execution, known)
  }

  const regions = new Set([defaultRegion(tools.environment)])
  const store = storeOf(tools)
  for (const run of await listRecords(store)) {
    const record = await readRecord(store, run)
    if (record === null || record.closedAt !== null) continue
    const entries = [...record.intended, ...record.open]
    const own = entries.flatMap((entry) => (entry.kind === 'security-group-rule' ? [entry.region] : []))
    for (const region of own) regions.add(region)
    const first = entries[0]
    if (!first) continue
    const { stack, execution } = record
    suspect({ stack, execution, run: record.run, openedAt: first.openedAt, expiresAt: first.expiresAt }, own)
  }
  for (const region of regions) {
    for (const rule of await securityGroups(tools.environment, region, tools.signal).rulesTagged(EXECUTION_TAG)) {
      const tags = fromTags(rule.tags)
      if (tags) suspect(tags, [region])
    }
    if (!mayMakeGroups(tools)) continue
    for (const group of await ownGroups(tools.environment, region, tools.signal).tagged(EXECUTION_TAG)) {
      const tags = fromTags(group.tags)
      if (tags) suspect(tags, [region])
    }
  }
  return [...suspects.values()]
}
