import { type IngressRule, type SecurityGroups, securityGroups } from '../cloud/security-groups.ts'
import { type AccessEntry, keyOf } from './entry.ts'
import type { ClosedEntry, RecordKeeper } from './record.ts'
import { settled } from './settle.ts'
import { EXECUTION_TAG, fromTags, heirOf, SHARED_TAG } from './tags.ts'
import type { AccessTools } from './tools.ts'

/**
 * Removes the rules this execution added in one region: those its record names and those that carry its tag. A rule that
 * another execution came to rely on is handed over to it instead.
 * @returns what is still open
 */
export async function closeRules(
  region: string,
  execution: string,
  keeper: RecordKeeper,
  tools: AccessTools,
): Promise<readonly AccessEntry[]> {
  const groups = securityGroups(tools.environment, region, tools.signal)
  await forgetSharing(execution, groups)

  const recorded = keeper.record.open.filter((entry) => entry.kind === 'security-group-rule' && entry.region === region)
  const tagged = await groups.rulesTagged(EXECUTION_TAG, execution)
  const entries = distinct([...recorded, ...tagged.map((rule) => entryOf(rule, region, keeper))])
  const staying = new Set([
    ...(await handOver(tagged, execution, groups)),
    ...(await othersNow(recorded, execution, groups)),
  ])

  for (const group of new Set(entries.map((entry) => entry.group))) {
    const ids = entries.filter((entry) => entry.group === group).flatMap((entry) => entry.ruleId ?? [])
    await groups.revoke(
      group,
      ids.filter((id) => !staying.has(id)),
    )
  }
  const standing = await stillStanding(groups, execution, entries, tools)
  const gone = entries.filter((entry) => !standing.has(entry.ruleId ?? ''))
  const was = new Set(tagged.map((rule) => rule.ruleId))
  // A tagged rule that no record names was added by a call whose answer never came.
  await keeper.remember(gone.filter((entry) => !recorded.some((known) => known.ruleId === entry.ruleId)))
  await keeper.closed(gone.map((entry) => closedEntry(entry, staying, was, tools)))
  return entries.filter((entry) => standing.has(entry.ruleId ?? ''))
}

/** Other executions' rules that this one relied on need not stay for it any longer. */
async function forgetSharing(execution: string, groups: SecurityGroups): Promise<void> {
  const key = SHARED_TAG + execution
  const shared = await groups.rulesTagged(key)
  await groups.untag(
    shared.map((rule) => rule.ruleId),
    [key],
  )
}

/** Rules that another execution relies on become that execution's own: it, or the sweep after it, removes them. */
async function handOver(
  rules: readonly IngressRule[],
  execution: string,
  groups: SecurityGroups,
): Promise<readonly string[]> {
  const handed: string[] = []
  for (const rule of rules) {
    const heir = heirOf(rule.tags, execution)
    if (heir === null) continue
    await groups.tag([rule.ruleId], heir.tags)
    await groups.untag([rule.ruleId], [SHARED_TAG + heir.execution])
    handed.push(rule.ruleId)
  }
  return handed
}

/** Recorded rules that carry another execution's name by now: an attempt before this one handed them over. */
async function othersNow(
  recorded: readonly AccessEntry[],
  execution: string,
  groups: SecurityGroups,
): Promise<readonly string[]> {
  if (recorded.length === 0) return []
  const ids = new Set(recorded.map((entry) => entry.ruleId))
  const rules = await groups.rulesOf([...new Set(recorded.map((entry) => entry.group))])
  return rules
    .filter((rule) => ids.has(rule.ruleId) && (rule.tags[EXECUTION_TAG] ?? execution) !== execution)
    .map((rule) => rule.ruleId)
}

/** Reads back until nothing of it is there; the ids of what is. */
async function stillStanding(
  groups: SecurityGroups,
  execution: string,
  entries: readonly AccessEntry[],
  tools: AccessTools,
): Promise<ReadonlySet<string>> {
  const ids = new Set(entries.map((entry) => entry.ruleId))
  const inGroups = [...new Set(entries.map((entry) => entry.group))]
  let standing: readonly string[] = []
  await settled(tools, async () => {
    const tagged = await groups.rulesTagged(EXECUTION_TAG, execution)
    const rules = inGroups.length > 0 ? await groups.rulesOf(inGroups) : []
    // A rule handed over stands, but carries another execution's name now.
    const own = rules.filter((rule) => ids.has(rule.ruleId) && (rule.tags[EXECUTION_TAG] ?? execution) === execution)
    standing = [...tagged, ...own].map((rule) => rule.ruleId)
    return standing.length === 0
  })
  return new Set(standing)
}

function closedEntry(
  entry: AccessEntry,
  staying: ReadonlySet<string>,
  was: ReadonlySet<string>,
  tools: AccessTools,
): ClosedEntry {
  const id = entry.ruleId ?? ''
  const how = staying.has(id) ? 'handed-over' : was.has(id) ? 'revoked' : 'gone'
  return { ...entry, closedAt: tools.clock().toISOString(), how }
}

function distinct(entries: readonly AccessEntry[]): readonly AccessEntry[] {
  return [...new Map(entries.map((entry) => [entry.ruleId, entry])).values()]
}

/** The entry of a rule that was found by its tag: as recorded or intended, where it is. */
function entryOf(rule: IngressRule, region: string, keeper: RecordKeeper): AccessEntry {
  const found = bareEntry(rule, region)
  const { opened, intended } = keeper.record
  const known =
    opened.find((entry) => entry.ruleId === rule.ruleId) ?? intended.find((entry) => keyOf(entry) === keyOf(found))
  return known ? { ...known, ruleId: rule.ruleId } : found
}

function bareEntry(rule: IngressRule, region: string): AccessEntry {
  const tags = fromTags(rule.tags)
  return {
    kind: 'security-group-rule',
    region,
    group: rule.group,
    instance: '',
    ruleId: rule.ruleId,
    cidr: rule.peer?.kind === 'block' ? rule.peer.cidr : null,
    sourceGroup: rule.peer?.kind === 'group' ? rule.peer.group : null,
    port: rule.fromPort,
    purpose: rule.description.endsWith('workers') ? 'workers' : 'dts',
    openedAt: tags?.openedAt ?? '',
    expiresAt: tags?.expiresAt ?? '',
    existedBefore: false,
  }
}
