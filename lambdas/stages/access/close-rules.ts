import { type IngressRule, type SecurityGroups, securityGroups } from '../../core/cloud/security-groups.ts'
import type { AccessEntry, ClosedEntry } from '../../core/documents/access.ts'
import { keyOf } from './entry.ts'
import type { RecordKeeper } from './record.ts'
import { settled } from './settle.ts'
import { EXECUTION_TAG, fromTags, heirOf, SHARED_TAG } from './tags.ts'
import { type AccessTools, isOfExecution } from './tools.ts'

/**
 * Removes the rules this execution added in one region: those its record names and those that carry its tag. A rule that
 * another execution came to rely on is handed over to it instead. A question that EC2 refuses keeps nothing open that is known
 * without it.
 * @returns what is still open
 * @throws the first refusal, when everything that could be removed is
 */
export async function closeRules(
  region: string,
  execution: string,
  keeper: RecordKeeper,
  tools: AccessTools,
): Promise<readonly AccessEntry[]> {
  const groups = securityGroups(tools.environment, region, tools.signal)
  const refused: unknown[] = []
  /** What is known without the answer is closed all the same. */
  const unlessRefused = async <Answer>(question: Promise<Answer>, otherwise: Answer): Promise<Answer> => {
    try {
      return await question
    } catch (error) {
      tools.signal.throwIfAborted()
      refused.push(error)
      return otherwise
    }
  }

  const recorded = keeper.record.open.filter((entry) => entry.kind === 'security-group-rule' && entry.region === region)
  const own = await unlessRefused(rulesOfExecution(execution, region, keeper, groups, tools), {
    rules: [],
    refused: [],
  })
  refused.push(...own.refused)
  const tagged = own.rules
  const entries = distinct([...recorded, ...tagged.map((rule) => entryOf(rule, region, keeper))])
  const staying = new Set([
    ...(await unlessRefused(handOver(tagged, execution, groups), [])),
    ...(await unlessRefused(othersNow(recorded, execution, groups), [])),
  ])

  for (const group of new Set(entries.map((entry) => entry.group))) {
    const ids = entries.filter((entry) => entry.group === group).flatMap((entry) => entry.ruleId ?? [])
    const leaving = ids.filter((id) => !staying.has(id))
    await unlessRefused(groups.revoke(group, leaving), undefined)
  }
  // What may not be removed does not go by being waited for.
  const patience = refused.length > 0 ? { ...tools, settleMilliseconds: 0 } : tools
  const standing = await unlessRefused(stillStanding(groups, execution, entries, region, keeper, patience), null)
  await unlessRefused(forgetSharing(execution, groups), undefined)
  // What could not be read back counts as standing.
  const isStanding = (entry: AccessEntry) => standing === null || standing.has(entry.ruleId ?? '')
  const gone = entries.filter((entry) => !isStanding(entry))
  const was = new Set(tagged.map((rule) => rule.ruleId))
  // A tagged rule that no record names was added by a call whose answer never came.
  await keeper.remember(gone.filter((entry) => !recorded.some((known) => known.ruleId === entry.ruleId)))
  await keeper.closed(gone.map((entry) => closedEntry(entry, staying, was, tools)))
  if (refused.length > 0) throw refused[0]
  return entries.filter(isStanding)
}

/**
 * The rules that carry the execution's tag: in the whole region by the tag; where that question is refused, in the groups that
 * the record names.
 */
async function rulesOfExecution(
  execution: string,
  region: string,
  keeper: RecordKeeper,
  groups: SecurityGroups,
  tools: AccessTools,
): Promise<{ readonly rules: readonly IngressRule[]; readonly refused: readonly unknown[] }> {
  const own = (rules: readonly IngressRule[]) => rules.filter(({ tags }) => isOfExecution(tags, execution, tools))
  try {
    return { rules: own(await groups.rulesTagged(EXECUTION_TAG, execution)), refused: [] }
  } catch (error) {
    const { intended, opened } = keeper.record
    const known = [...intended, ...opened].filter(
      (entry) => entry.kind === 'security-group-rule' && entry.region === region,
    )
    if (known.length === 0) throw error
    const rules = await groups.rulesOf([...new Set(known.map((entry) => entry.group))])
    return { rules: own(rules), refused: [error] }
  }
}

/** Other executions' rules that this one relied on need not stay for it any longer. */
async function forgetSharing(execution: string, groups: SecurityGroups): Promise<void> {
  const key = SHARED_TAG + execution
  const shared = await groups.rulesTagged(key, '*')
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
  region: string,
  keeper: RecordKeeper,
  tools: AccessTools,
): Promise<ReadonlySet<string>> {
  const ids = new Set(entries.map((entry) => entry.ruleId))
  const inGroups = [...new Set(entries.map((entry) => entry.group))]
  let standing: readonly string[] = []
  await settled(tools, async () => {
    const { rules: tagged } = await rulesOfExecution(execution, region, keeper, groups, tools)
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
