import { createHash } from 'node:crypto'
import { type OwnGroup, type OwnGroups, ownGroups } from '../../core/cloud/own-groups.ts'
import { describeInstance, type RdsInstance } from '../../core/cloud/rds.ts'
import { setSecurityGroups } from '../../core/cloud/rds-groups.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import { settled } from './settle.ts'
import { EXECUTION_TAG, type RuleTags, toTags } from './tags.ts'
import { type AccessTools, isOfExecution, rulesPerGroup } from './tools.ts'

const INSTANCE_TAG = 'sampan:instance'
/** Security groups a network interface can have; RDS takes no more. */
const MOST_GROUPS = 5
/** Rules times groups of one network interface. */
const MOST_RULES = 1000

/** Whether this deployment may make security groups and change the list of the instance's: a right of its own. */
export const mayMakeGroups = (tools: AccessTools): boolean => tools.environment.SAMPAN_TEMPORARY_GROUPS === 'allow'

/**
 * Room for blocks that the instance's own groups cannot take: groups of the execution's own, tagged from their first moment.
 * Made, not yet attached: nobody comes in by them before their rules are complete.
 * @returns the ids of all temporary groups of the execution
 * @throws SampanError `ACCESS_QUOTA_EXCEEDED` before anything is made
 */
export async function makeGroups(
  source: RdsInstance,
  overflow: number,
  tags: RuleTags,
  tools: AccessTools,
): Promise<readonly string[]> {
  const door = ownGroups(tools.environment, source.region, tools.signal)
  const own = () => groupsOf(tags.execution, door, tools)
  const existing = await own()
  const limit = rulesPerGroup(tools.environment)
  const count = Math.max(existing.length, Math.ceil(overflow / limit))
  const standing = source.securityGroups.filter((id) => !existing.some((group) => group.id === id)).length
  if (standing + count > MOST_GROUPS || (standing + count) * limit > MOST_RULES) throw tooMany(standing, count, limit)
  const digest = createHash('sha256').update(`${tags.stack} ${tags.execution}`).digest('hex').slice(0, 8)
  const names = Array.from({ length: count }, (_, index) => `sampan-${digest}-${index + 1}`)
  for (const name of names.filter((one) => !existing.some((group) => group.name === one))) {
    await door.create(source.vpcId ?? '', name, { ...toTags(tags), [INSTANCE_TAG]: source.identifier })
  }
  let found: readonly OwnGroup[] = existing
  await settled(tools, async () => {
    found = await own()
    return found.length >= count
  })
  return found.map((group) => group.id).sort()
}

/** Attaches groups to the instance, beside those it has at that moment, and waits until RDS shows them. */
export async function attachGroups(source: RdsInstance, ids: readonly string[], tools: AccessTools): Promise<void> {
  const read = () => describeInstance(tools.environment, source.region, source.identifier, tools.signal)
  const missing = async () => {
    const now = await read()
    return { now, ids: ids.filter((id) => !now.securityGroups.includes(id)) }
  }
  const before = await missing()
  if (before.ids.length === 0) return
  const all = [...before.now.securityGroups, ...before.ids]
  await setSecurityGroups(tools.environment, source, all, tools.signal)
  if (await settled(tools, async () => (await missing()).ids.length === 0)) return
  throw new SampanError({
    code: 'ACCESS_GROUPS_UNSETTLED',
    message: `RDS does not show the security groups ${before.ids.join(', ')} on ${source.identifier}`,
    remedy: 'nothing to do: the step looks again',
    retryable: true,
  })
}

/**
 * Detaches and removes the execution's temporary groups in one region.
 * @throws SampanError `ACCESS_GROUPS_LEFT` (retryable) while they cannot be removed
 */
export async function dropGroups(region: string, execution: string, tools: AccessTools): Promise<void> {
  const door = ownGroups(tools.environment, region, tools.signal)
  const groups = await groupsOf(execution, door, tools)
  for (const group of groups) {
    await detach(group, region, tools)
    if (await settled(tools, () => door.remove(group.id))) continue
    throw new SampanError({
      code: 'ACCESS_GROUPS_LEFT',
      message: `the security group ${group.id}, empty by now, is still in use`,
      remedy: `take it off the instance and remove it: aws ec2 delete-security-group --region ${region} --group-id ${group.id}`,
      retryable: true,
    })
  }
}

async function groupsOf(execution: string, door: OwnGroups, tools: AccessTools): Promise<readonly OwnGroup[]> {
  return (await door.tagged(EXECUTION_TAG, execution)).filter(({ tags }) => isOfExecution(tags, execution, tools))
}

async function detach(group: OwnGroup, region: string, tools: AccessTools): Promise<void> {
  const identifier = group.tags[INSTANCE_TAG]
  if (!identifier) return
  const instance = await describeInstance(tools.environment, region, identifier, tools.signal).catch(nullIfGone)
  if (!instance?.securityGroups.includes(group.id)) return
  const rest = instance.securityGroups.filter((id) => id !== group.id)
  await setSecurityGroups(tools.environment, instance, rest, tools.signal)
}

function nullIfGone(error: unknown): null {
  if (error instanceof SampanError && error.code === 'SRC_INSTANCE_NOT_FOUND') return null
  throw error
}

function tooMany(standing: number, count: number, limit: number): SampanError {
  return new SampanError({
    code: 'ACCESS_QUOTA_EXCEEDED',
    message: `${count} more security groups of ${limit} rules are needed; the instance has ${standing}, and ${MOST_GROUPS} groups and ${MOST_RULES} rules are the most`,
    remedy: 'remove rules or groups, or set access.dtsCidrs to "none" or a shorter list',
  })
}
