import { AlibabaError } from '../../core/cloud/alibaba-errors.ts'
import { type Apsara, apsara } from '../../core/cloud/apsara.ts'
import type { AccessEntry, ClosedEntry } from '../../core/documents/access.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import { openRuns, readListing } from './open-runs.ts'
import { NOBODY, whitelisted, whitelistGroup } from './open-whitelist.ts'
import { type RecordKeeper, readRecord } from './record.ts'
import { settled } from './settle.ts'
import { type AccessTools, stackOf, storeOf } from './tools.ts'
import { fullness } from './whitelist-refusal.ts'

export interface WhitelistOf {
  readonly region: string
  readonly instance: string
}

/** What is known beside the record of the execution. */
export interface WhitelistHints {
  /** Another execution of the run is known to have something open, whatever its record says. */
  readonly isShared: boolean
  /** Somebody has asked for it: addresses that no record names go as well. */
  readonly wholeGroup: boolean
}

/**
 * Takes what the execution has put into the run's own whitelist groups on one instance, by their name and by the record (a stack of an earlier version named them otherwise), unless another execution of the run lets
 * its workers in by it: then it is that execution's to take. What the record does not name is another's, of an execution with its documents elsewhere, or a person's; where the record is
 * lost the group's name alone tells whose it is, and it is emptied. Other groups are not touched. An instance that is gone has nothing open.
 * @returns what is still open
 */
export async function closeWhitelist(
  where: WhitelistOf,
  run: RunIdentity,
  keeper: RecordKeeper,
  tools: AccessTools,
  hints: WhitelistHints,
): Promise<readonly AccessEntry[]> {
  const door = apsara(tools.environment, where.region, where.instance, tools.signal)
  const { intended, opened } = keeper.record
  const recorded = [...intended, ...opened].filter(
    ({ kind, instance }) => kind === 'whitelist-entry' && instance === where.instance,
  )
  const groups = new Set([whitelistGroup(stackOf(tools.environment), run.id), ...recorded.map(({ group }) => group)])
  const left: AccessEntry[] = []
  const wholeGroup = hints.wholeGroup || (await isRecordLost(run, keeper, tools))
  for (const group of groups)
    left.push(...(await closeGroup(door, group, where, run, keeper, tools, { ...hints, wholeGroup })))
  return left
}

/** It is listed as one that may have something open, and there is no word of what. */
async function isRecordLost(
  run: RunIdentity,
  { record, unreadable }: RecordKeeper,
  tools: AccessTools,
): Promise<boolean> {
  if (unreadable !== null) return true
  if (record.intended.length + record.opened.length > 0) return false
  return (await readListing(storeOf(tools), run)) !== null
}

async function closeGroup(
  door: Apsara,
  group: string,
  where: WhitelistOf,
  run: RunIdentity,
  keeper: RecordKeeper,
  tools: AccessTools,
  { isShared, wholeGroup }: WhitelistHints,
): Promise<readonly AccessEntry[]> {
  const { intended, opened, open } = keeper.record
  const isHere = (entry: AccessEntry) =>
    entry.kind === 'whitelist-entry' &&
    entry.instance === where.instance &&
    entry.group === group &&
    !entry.existedBefore
  const known = [...opened, ...intended].filter(isHere)
  const named = new Set(known.map(({ cidr }) => whitelisted(cidr ?? '')))
  const isOurs = (address: string) => address !== NOBODY && (wholeGroup || named.has(address))
  const before = (await addressesOf(door, group)) ?? []
  const entries = before.filter(isOurs).map((address) => entryOf(address, group, where, known, tools))
  // Reading lags by up to a minute: what was intended may stand already, unseen.
  const mayStand = entries.length > 0 || [...open, ...intended].some(isHere)
  if (mayStand && (isShared || (await sharedBy(run, isHere, tools)).length > 0)) {
    await keeper.closed(open.filter(isHere).map((entry) => closedEntry(entry, 'handed-over', tools)))
    return []
  }
  if (mayStand) await takeOut(door, group, before, isOurs)
  let standing: readonly string[] = []
  await settled(tools, async () => {
    standing = ((await addressesOf(door, group)) ?? []).filter(isOurs)
    return standing.length === 0
  })
  await giveBack(door, group, await sharedBy(run, isHere, tools))
  const isStanding = (entry: AccessEntry) => standing.includes(whitelisted(entry.cidr ?? ''))
  const gone = entries.filter((entry) => !isStanding(entry))
  await keeper.remember(gone.filter((entry) => !opened.includes(entry)))
  await keeper.closed([
    ...gone.map((entry) => closedEntry(entry, 'revoked', tools)),
    ...removedByOthers(keeper, where, group, entries).map((entry) => closedEntry(entry, 'gone', tools)),
  ])
  return entries.filter(isStanding)
}

/**
 * What other executions of the same run rely on in this group. Each of them writes its intention down before it looks at the
 * group: one that found its addresses there before they were removed shows here afterwards.
 */
async function sharedBy(
  run: RunIdentity,
  isHere: (entry: AccessEntry) => boolean,
  tools: AccessTools,
): Promise<readonly AccessEntry[]> {
  const store = storeOf(tools)
  const others = (await openRuns(store)).filter(({ id, execution }) => id === run.id && execution !== run.execution)
  const found: AccessEntry[] = []
  for (const other of others) {
    // One that cannot be read is closed by no word of its own either: what is open is worse than what is shut.
    const record = await readRecord(store, other).catch(() => null)
    if (record !== null && record.closingSince === null)
      found.push(...[...record.open, ...record.intended].filter(isHere))
  }
  return found
}

/** What others have put there stays. Where reading shows none of ours it may lag: then the group is written as it is to be. */
async function takeOut(
  door: Apsara,
  group: string,
  present: readonly string[],
  isOurs: (address: string) => boolean,
): Promise<void> {
  const ours = present.filter(isOurs)
  const others = present.filter((address) => !isOurs(address))
  if (others.every((address) => address === NOBODY)) await empty(door, group)
  else if (ours.length > 0) await door.modifySecurityIps(group, 'Delete', ours)
  else await door.modifySecurityIps(group, 'Cover', others)
}

/** Those that are still there stay beside them. */
async function giveBack(door: Apsara, group: string, entries: readonly AccessEntry[]): Promise<void> {
  if (entries.length === 0) return
  const others = ((await addressesOf(door, group)) ?? []).filter((address) => address !== NOBODY)
  const addresses = new Set([...entries.map((entry) => whitelisted(entry.cidr ?? '')), ...others])
  await door.modifySecurityIps(group, 'Cover', [...addresses])
}

/**
 * The last entry of a group cannot be deleted, so the group, our own, is overwritten with an address of nobody. An instance without
 * room takes that of any group it has: one it does not take was never made.
 */
async function empty(door: Apsara, group: string): Promise<void> {
  try {
    await door.modifySecurityIps(group, 'Cover', [NOBODY])
  } catch (error) {
    if (isGone(error)) return
    if (!(error instanceof AlibabaError) || error.retryable) throw error
    const groups = await door.ipArrays()
    const isNone = groups.every(({ name }) => name !== group)
    if (!isNone || fullness(groups, group, 1) === null) throw error
  }
}

/** `null` where there is no such group, or no such instance any more. */
async function addressesOf(door: Apsara, group: string): Promise<readonly string[] | null> {
  try {
    return (await door.ipArrays()).find((one) => one.name === group)?.addresses ?? null
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
}

function isGone(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return [error, cause].some((one) => one instanceof AlibabaError && one.gone)
}

/** Recorded as open, but not in the group any more before we came. */
function removedByOthers(
  keeper: RecordKeeper,
  where: WhitelistOf,
  group: string,
  present: readonly AccessEntry[],
): readonly AccessEntry[] {
  const addresses = new Set(present.map((entry) => entry.cidr))
  return keeper.record.open.filter(
    (entry) =>
      entry.kind === 'whitelist-entry' &&
      entry.instance === where.instance &&
      entry.group === group &&
      !addresses.has(entry.cidr),
  )
}

function closedEntry(entry: AccessEntry, how: ClosedEntry['how'], tools: AccessTools): ClosedEntry {
  return { ...entry, closedAt: tools.clock().toISOString(), how }
}

function entryOf(
  address: string,
  group: string,
  where: WhitelistOf,
  known: readonly AccessEntry[],
  tools: AccessTools,
): AccessEntry {
  const found = known.find((entry) => entry.group === group && whitelisted(entry.cidr ?? '') === address)
  if (found) return found
  const now = tools.clock().toISOString()
  return {
    kind: 'whitelist-entry',
    region: where.region,
    group,
    instance: where.instance,
    ruleId: null,
    cidr: address,
    sourceGroup: null,
    port: null,
    purpose: 'workers',
    openedAt: now,
    expiresAt: now,
    existedBefore: false,
  }
}
