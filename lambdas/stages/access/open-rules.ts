import { pause } from '../../core/cloud/pause.ts'
import type { RdsInstance } from '../../core/cloud/rds.ts'
import {
  type IngressRule,
  type NewRule,
  type SecurityGroups,
  securityGroups,
} from '../../core/cloud/security-groups.ts'
import type { AccessEntry } from '../../core/documents/access.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import { type AccessPlan, type AccessWish, peerText, planAccess, requireRoom, type Wanted } from './plan.ts'
import { type RecordKeeper, readRecord } from './record.ts'
import { settled } from './settle.ts'
import { fromTags, type RuleTags, SHARED_TAG, sharingOf, toTags } from './tags.ts'
import { attachGroups, makeGroups, mayMakeGroups } from './temporary-groups.ts'
import { type AccessTools, expiryOf, isOfExecution, rulesPerGroup, stackOf, storeOf } from './tools.ts'

/** Rules in one call. Small, so that little is undecided after a crash. */
const BATCH = 20
/** How often the plan is made anew because somebody, or a lost answer, got there first, or whoever's rule is used is leaving. */
const ROUNDS = 6

/**
 * Adds the rules that are missing, a batch at a time. Each batch is written down as intended before and as opened after, and
 * carries tags, so that whatever happens between is found again.
 * @throws SampanError `ACCESS_QUOTA_EXCEEDED`, `ACCESS_RULES_UNSETTLED`, AWS errors
 */
export async function openRules(
  instance: RdsInstance,
  wanted: readonly Wanted[],
  run: RunIdentity,
  keeper: RecordKeeper,
  tools: AccessTools,
): Promise<void> {
  if (wanted.length === 0) return
  const groups = securityGroups(tools.environment, instance.region, tools.signal)
  /** Groups that EC2 says are full: it counts a prefix list by its greatest number of entries, which no rule tells. */
  const full = new Set<string>()
  let temporary = await roomFor(instance, wanted, run, groups, tools, full)
  let source = withGroups(instance, temporary)
  for (let round = 1; ; round++) {
    const { plan } = await makePlan(source, wanted, run, groups, tools, full)
    await rememberStanding(plan, source, run, keeper, groups, tools)
    const leaving = await isLeaving(plan, tools)
    try {
      const stands = plan.add.length === 0 || (await addAll(plan, source, run, keeper, groups, tools))
      if (stands && (!leaving || round === ROUNDS)) break
    } catch (error) {
      const group = mayMakeGroups(tools) ? fullGroup(error, plan, full) : null
      if (group === null) throw error
      full.add(group)
      temporary = await roomFor(source, wanted, run, groups, tools, full)
      source = withGroups(source, temporary)
    }
    if (round === ROUNDS) throw unsettled(source)
    await pause(200 * 2 ** round, tools.signal)
  }
  const shown = await settled(tools, async () => {
    const { plan } = await makePlan(source, wanted, run, groups, tools, full)
    return plan.add.length === 0
  })
  if (!shown) throw unsettled(source)
  if (temporary.length > 0) await attachGroups(instance, temporary, tools)
}

const withGroups = (instance: RdsInstance, more: readonly string[]): RdsInstance => ({
  ...instance,
  securityGroups: [...new Set([...instance.securityGroups, ...more])],
})

/** The group that EC2 refused a rule to for want of room, `null` where it was something else. */
function fullGroup(error: unknown, plan: AccessPlan, full: ReadonlySet<string>): string | null {
  if (!(error instanceof SampanError) || error.code !== 'ACCESS_QUOTA_EXCEEDED') return null
  return plan.add.find(({ group }) => error.message.includes(group) && !full.has(group))?.group ?? null
}

/** The temporary groups that are needed beside the instance's own; checked against the quotas before anything is opened. */
async function roomFor(
  source: RdsInstance,
  wanted: readonly Wanted[],
  run: RunIdentity,
  groups: SecurityGroups,
  tools: AccessTools,
  full: ReadonlySet<string>,
): Promise<readonly string[]> {
  const { wish, plan } = await makePlan(source, wanted, run, groups, tools, full)
  if (!mayMakeGroups(tools) || source.securityGroups.length === 0) {
    requireRoom(wish, plan)
    return []
  }
  // Those of an attempt before this one are found again, also where they are attached and no room is missing any more.
  return makeGroups(source, plan.overflow.length, tagsOf(run, tools), tools)
}

/** What there is to add. @param full groups that take no more, whatever their rules say */
export async function makePlan(
  source: RdsInstance,
  wanted: readonly Wanted[],
  run: RunIdentity,
  groups: SecurityGroups,
  tools: AccessTools,
  full: ReadonlySet<string> = new Set(),
): Promise<{ readonly wish: AccessWish; readonly plan: AccessPlan }> {
  const rules = source.securityGroups.length > 0 ? await groups.rulesOf(source.securityGroups) : []
  const wish: AccessWish = {
    isOwn: (tags) => isOfExecution(tags, run.execution, tools),
    port: source.port,
    groups: source.securityGroups.map((id) => ({
      id,
      rules: rules.filter((rule) => rule.group === id),
      full: full.has(id),
    })),
    wanted,
    rulesPerGroup: rulesPerGroup(tools.environment),
  }
  return { wish, plan: planAccess(wish) }
}

/** Batch after batch; `false` where one met a rule that stands already, so that the plan must be made anew. */
async function addAll(
  plan: AccessPlan,
  source: RdsInstance,
  run: RunIdentity,
  keeper: RecordKeeper,
  groups: SecurityGroups,
  tools: AccessTools,
): Promise<boolean> {
  for (const batch of batches(plan.add)) {
    const tags = tagsOf(run, tools)
    const intended = batch.wanted.map((one) => entryOf(source, batch.group, one, tags, null, false))
    await keeper.intend(intended)
    const answer = await groups.authorise(
      batch.group,
      batch.wanted.map((one) => newRule(source.port, one, run)),
      toTags(tags),
    )
    if (answer.outcome === 'duplicate') {
      tools.logger.warn('ACCESS_RULE_DUPLICATE', { group: batch.group })
      return false
    }
    await keeper.remember(
      batch.wanted.map((one) => entryOf(source, batch.group, one, tags, findRule(answer.rules, one), false)),
    )
    tools.logger.info('ACCESS_RULES_OPENED', { group: batch.group, count: batch.wanted.length })
  }
  return true
}

function* batches(add: AccessPlan['add']): Generator<{ readonly group: string; readonly wanted: readonly Wanted[] }> {
  for (const group of new Set(add.map((one) => one.group))) {
    const wanted = add.filter((one) => one.group === group).map((one) => one.wanted)
    for (let start = 0; start < wanted.length; start += BATCH)
      yield { group, wanted: wanted.slice(start, start + BATCH) }
  }
}

/** What stands: our own from an attempt before, somebody else's, and another execution's, which is asked to stay. */
async function rememberStanding(
  plan: AccessPlan,
  source: RdsInstance,
  run: RunIdentity,
  keeper: RecordKeeper,
  groups: SecurityGroups,
  tools: AccessTools,
): Promise<void> {
  const tags = tagsOf(run, tools)
  const others = plan.existing.flatMap(({ rule }) => {
    const owner = fromTags(rule.tags)
    return owner ? [{ id: rule.ruleId, owner }] : []
  })
  // One that is gone by now shows as missing in the next round's plan.
  await groups.tag(
    others.filter(({ owner }) => owner.stack === tags.stack).map(({ id }) => id),
    { [SHARED_TAG + run.execution]: sharingOf(tags) },
  )
  // Nobody may tag another stack's rules, so nothing keeps that stack from removing them.
  const foreign = others.filter(({ owner }) => owner.stack !== tags.stack)
  if (foreign.length > 0) {
    const names = foreign.map(({ id, owner }) => `${id} (stack ${owner.stack}, execution ${owner.execution})`)
    const message = `used as they stand, and gone when their own execution ends: ${names.join(', ')}`
    await keeper.note([{ code: 'RULES_OF_ANOTHER_STACK', message }])
  }
  const known = new Set(keeper.record.opened.map((entry) => entry.ruleId))
  const entries = [
    ...plan.ours.map(({ rule, wanted }) => entryOf(source, rule.group, wanted, tags, rule, false)),
    ...plan.existing.map(({ rule, wanted }) => entryOf(source, rule.group, wanted, tags, rule, true)),
  ]
  await keeper.remember(entries.filter((entry) => !known.has(entry.ruleId)))
}

/**
 * Whether another execution, whose rule this one relies on, is being closed at this moment. It wrote that down before it read who else
 * relies on its rules, and this one has tagged them before it looks here: so it either sees the tag, and hands the rule over, or shows
 * here, and its rule may go in the next moment.
 */
async function isLeaving(plan: AccessPlan, tools: AccessTools): Promise<boolean> {
  const stack = stackOf(tools.environment)
  const owners = plan.existing.flatMap(({ rule }) => fromTags(rule.tags) ?? []).filter((owner) => owner.stack === stack)
  const runs = new Map(owners.map(({ run, execution }) => [execution, { id: run, execution }]))
  for (const owner of runs.values()) {
    // What cannot be read is the sweep's to name.
    const record = await readRecord(storeOf(tools), owner).catch(() => null)
    if (record !== null && record.closingSince !== null) return true
  }
  return false
}

function tagsOf(run: RunIdentity, tools: AccessTools): RuleTags {
  return {
    stack: stackOf(tools.environment),
    run: run.id,
    execution: run.execution,
    openedAt: tools.clock().toISOString(),
    expiresAt: expiryOf(tools),
  }
}

function newRule(port: number, wanted: Wanted, run: RunIdentity): NewRule {
  const who = wanted.purpose === 'dts' ? 'DTS' : 'workers'
  return { port, peer: wanted.peer, description: `Sampan run ${run.id}: ${who}` }
}

function findRule(rules: readonly IngressRule[], wanted: Wanted): IngressRule | null {
  return rules.find((rule) => rule.peer && peerText(rule.peer) === peerText(wanted.peer)) ?? null
}

function entryOf(
  source: RdsInstance,
  group: string,
  wanted: Wanted,
  tags: RuleTags,
  rule: IngressRule | null,
  existedBefore: boolean,
): AccessEntry {
  const { peer, purpose } = wanted
  return {
    kind: 'security-group-rule',
    region: source.region,
    group,
    instance: source.identifier,
    ruleId: rule?.ruleId ?? null,
    cidr: peer.kind === 'block' ? peer.cidr : null,
    sourceGroup: peer.kind === 'group' ? peer.group : null,
    port: source.port,
    purpose,
    openedAt: tags.openedAt,
    expiresAt: tags.expiresAt,
    existedBefore,
  }
}

function unsettled(source: RdsInstance): SampanError {
  return new SampanError({
    code: 'ACCESS_RULES_UNSETTLED',
    message: `EC2 does not show the rules added to ${source.securityGroups.join(', ')}`,
    remedy: 'nothing to do: the step looks again',
    retryable: true,
  })
}
