import { defaultRegion } from '../../core/cloud/environment.ts'
import type { ExecutionState } from '../../core/cloud/executions.ts'
import { ownGroups } from '../../core/cloud/own-groups.ts'
import { securityGroups } from '../../core/cloud/security-groups.ts'
import type { AccessEntry, AccessRecord } from '../../core/documents/access.ts'
import { toSampanError } from '../../core/runtime/errors.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import { closeAccess } from './close.ts'
import { openRuns, readListing, renewOpenRun, unlistOpenRun } from './open-runs.ts'
import { RecordKeeper, readRecord } from './record.ts'
import { EXECUTION_TAG, fromTags } from './tags.ts'
import { mayMakeGroups } from './temporary-groups.ts'
import { type AccessTools, expiryOf, isBareName, isOfExecution, stackOf, storeOf } from './tools.ts'

export interface Sweep {
  /** Executions left alone. */
  readonly kept: readonly string[]
  /** Executions whose leftovers are gone now. */
  readonly closed: readonly string[]
  /** What could not be swept, an execution or a region, and why. */
  readonly failed: readonly { readonly what: string; readonly message: string }[]
}

/** Something that looks open, by tag or by record. */
interface Suspect {
  readonly execution: string
  readonly run: string
  readonly stack: string
  readonly openedAt: string
  /** ISO 8601; the latest that is known. */
  expiresAt: string
  readonly regions: Set<string>
  /** Its record says that everything is closed. */
  readonly closedBefore: boolean
  /** Known from this stack's own documents, not from tags alone. */
  readonly recorded: boolean
  /** It is listed, and its record, if there is one, has nothing that it meant to open. */
  readonly isEmpty: boolean
}

/** An execution that has only just begun may not be known yet, and must not be swept for that. */
const YOUNG_MILLISECONDS = 3_600_000
/** A function lives 15 minutes: what one of them still had on its way when its execution was closed shows by then. */
const LATE_MILLISECONDS = 20 * 60_000
/** When a Sampan that did not say so has listed an execution. */
const LONG_AGO = new Date(0).toISOString()
/** An execution that runs has its expiry put off when less than this is left, */
const LEAST_LEFT_MILLISECONDS = 24 * 3_600_000
/** and once a week, however much is left: its record must not look old to whatever deletes old documents of the bucket. */
const MOST_USED_MILLISECONDS = 7 * 24 * 3_600_000

/**
 * The last net: finds rules by their tags and whitelist groups by the records, asks what became of their executions, and
 * closes what nobody uses any more. What is closed by its record is looked at once more in the cloud itself, until nothing can be
 * on its way any more. An execution, a record or a region that fails does not keep the others from it.
 */
export async function sweep(
  stateOf: (execution: string) => Promise<ExecutionState>,
  tools: AccessTools,
): Promise<Sweep> {
  const kept: string[] = []
  const closed: string[] = []
  const failed: { what: string; message: string }[] = []
  const guarded = async (what: string, body: () => Promise<void>) => {
    try {
      await body()
    } catch (error) {
      tools.signal.throwIfAborted()
      failed.push({ what, message: toSampanError(error).message })
    }
  }
  for (const suspect of await findSuspects(guarded, tools)) {
    const { execution, run, closedBefore, isEmpty, openedAt } = suspect
    await guarded(execution, async () => {
      if (!(await mayClose(suspect, stateOf, tools))) {
        kept.push(execution)
        return
      }
      const answer = await closeAccess({ id: run, execution }, { regions: [...suspect.regions], whitelists: [] }, tools)
      if (!closedBefore || answer.closed > 0) closed.push(execution)
      // Stopped behind its listing. What it had on its way is written down by now, or nowhere.
      const isLate = Date.parse(openedAt) + LATE_MILLISECONDS <= tools.clock().getTime()
      if (isEmpty && isLate) await unlistOpenRun(storeOf(tools), { id: run, execution })
    })
  }
  return { kept, closed, failed }
}

type Guarded = (what: string, body: () => Promise<void>) => Promise<void>

/**
 * Only what belongs to this stack: another stack's state machine cannot be asked about here, and the rights to remove its
 * rules are its own. Rules from before region and account were in their tags may be those of a stack of the same name elsewhere: of
 * these go the ones whose execution this stack knows. What runs keeps what it opened for as long as it runs; its expiry counts where nobody can say whether it does.
 */
async function mayClose(
  suspect: Suspect,
  stateOf: (execution: string) => Promise<ExecutionState>,
  tools: AccessTools,
): Promise<boolean> {
  const isBare = isBareName(suspect.stack, tools.environment)
  if (suspect.stack !== stackOf(tools.environment) && !isBare) return false
  const mayBeAnothers = isBare && !suspect.recorded
  const now = tools.clock().getTime()
  const left = suspect.expiresAt === '' ? Number.POSITIVE_INFINITY : Date.parse(suspect.expiresAt) - now
  let state: ExecutionState
  try {
    state = await stateOf(suspect.execution)
  } catch (error) {
    if (left <= 0 && !mayBeAnothers) return true
    throw error
  }
  if (state === 'ended') return true
  if (state === 'unknown' && mayBeAnothers) return false
  if (state === 'unknown') return left <= 0 || Date.parse(suspect.openedAt) + YOUNG_MILLISECONDS <= now
  const all = Date.parse(expiryOf(tools)) - now
  if (left < Math.max(LEAST_LEFT_MILLISECONDS, all - MOST_USED_MILLISECONDS)) await renew(suspect, tools)
  return false
}

/** A copy may take longer than what is opened was meant to stand. The record, and that it may have something open, are written anew. */
async function renew({ run, execution, regions }: Suspect, tools: AccessTools): Promise<void> {
  const expires = expiryOf(tools)
  for (const region of regions) {
    const groups = securityGroups(tools.environment, region, tools.signal)
    const rules = await groups.rulesTagged(EXECUTION_TAG, execution)
    await groups.tag(
      rules.filter(({ tags }) => isOfExecution(tags, execution, tools)).map((rule) => rule.ruleId),
      { 'sampan:expires': expires },
    )
  }
  const keeper = await RecordKeeper.open(
    storeOf(tools),
    { id: run, execution },
    stackOf(tools.environment),
    tools.clock,
  )
  await keeper.renew(expires)
  await renewOpenRun(storeOf(tools), { id: run, execution })
  tools.logger.info('ACCESS_RENEWED', { renewed: execution, expires })
}

async function findSuspects(guarded: Guarded, tools: AccessTools): Promise<readonly Suspect[]> {
  const suspects = new Map<string, Suspect>()
  const suspect = (found: Omit<Suspect, 'regions'>, regions: readonly string[]) => {
    const key = `${found.stack} ${found.execution}`
    const known = suspects.get(key) ?? { ...found, regions: new Set<string>() }
    for (const region of regions) known.regions.add(region)
    if (found.expiresAt > known.expiresAt) known.expiresAt = found.expiresAt
    suspects.set(key, known)
  }

  const regions = new Set([defaultRegion(tools.environment)])
  const store = storeOf(tools)
  for (const run of await openRuns(store)) {
    await guarded(run.execution, async () => {
      const record = await readRecord(store, run)
      const entries = record === null ? [] : [...record.intended, ...record.opened]
      const own = entries.flatMap((entry) => (entry.kind === 'security-group-rule' ? [entry.region] : []))
      for (const region of own) regions.add(region)
      const listing = entries.length > 0 ? null : await readListing(store, run)
      const found = suspectOf(run, record, entries, listing?.listedAt ?? LONG_AGO, tools)
      if (found === null) await unlistOpenRun(store, run)
      else suspect(found, own)
    })
  }
  for (const region of regions) {
    const found = (tags: Readonly<Record<string, string>>) => {
      const owner = fromTags(tags)
      if (owner) suspect({ ...owner, closedBefore: false, recorded: false, isEmpty: false }, [region])
    }
    await guarded(`rules in ${region}`, async () => {
      const groups = securityGroups(tools.environment, region, tools.signal)
      for (const rule of await groups.rulesTagged(EXECUTION_TAG, '*')) found(rule.tags)
    })
    if (!mayMakeGroups(tools)) continue
    await guarded(`security groups in ${region}`, async () => {
      const groups = ownGroups(tools.environment, region, tools.signal)
      for (const group of await groups.tagged(EXECUTION_TAG)) found(group.tags)
    })
  }
  return [...suspects.values()]
}

/** `null` where there is nothing left to look for. */
function suspectOf(
  { id, execution }: RunIdentity,
  record: AccessRecord | null,
  entries: readonly AccessEntry[],
  listedAt: string,
  tools: AccessTools,
): Omit<Suspect, 'regions'> | null {
  const times = entries.map((entry) => entry.openedAt).sort()
  const last = times.at(-1)
  if (record?.closedAt && last !== undefined) {
    const late = Date.parse(last) + LATE_MILLISECONDS
    if (Date.parse(record.closedAt) >= late || tools.clock().getTime() > late + LATE_MILLISECONDS) return null
  }
  return {
    stack: record?.stack ?? stackOf(tools.environment),
    execution,
    run: id,
    // An execution that got no further than its listing has nothing open; it is forgotten when it has ended.
    openedAt: times[0] ?? listedAt,
    expiresAt:
      entries
        .map((entry) => entry.expiresAt)
        .sort()
        .at(-1) ?? '',
    closedBefore: entries.length === 0 || record === null || record.closedAt !== null,
    recorded: true,
    isEmpty: entries.length === 0,
  }
}
