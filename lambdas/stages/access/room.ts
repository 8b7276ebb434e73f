import type { InstanceFinding } from '../../core/cloud/instances.ts'
import type { RdsInstance } from '../../core/cloud/rds.ts'
import { securityGroups } from '../../core/cloud/security-groups.ts'
import type { AccessNote } from '../../core/documents/access.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import type { Task } from '../../core/task/task.ts'
import { makePlan } from './open-rules.ts'
import type { AccessWish, Wanted } from './plan.ts'
import { mayMakeGroups } from './temporary-groups.ts'
import type { AccessTools } from './tools.ts'

export interface Room {
  /** What is to be opened. */
  readonly wanted: readonly Wanted[]
  readonly findings: readonly InstanceFinding[]
  readonly notes: readonly AccessNote[]
}

/**
 * Looks whether the instance's groups have room for what is wanted, before anything is opened. DTS's blocks are many in some regions (79 in
 * Beijing, 65 in Hangzhou by the list of 2021), and a group takes 60 rules; a prefix list would be no help, since each of its entries counts
 * as a rule. Temporary groups take what is too much, where the deployment allows them. Else the blocks of `auto`, which Sampan itself
 * does not need, are left out whole, and the precheck says so; what a task lists by itself is refused by opening.
 * https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
 */
export async function findRoom(
  source: RdsInstance,
  wanted: readonly Wanted[],
  task: Task,
  run: RunIdentity,
  tools: AccessTools,
): Promise<Room> {
  const everything: Room = { wanted, findings: [], notes: [] }
  if (source.securityGroups.length === 0 || wanted.length === 0) return everything
  const groups = securityGroups(tools.environment, source.region, tools.signal)
  const { wish, plan } = await makePlan(source, wanted, run, groups, tools)
  if (plan.overflow.length === 0) return everything
  const figures = `${wanted.length} rules are wanted, ${plan.overflow.length} find no room: ${occupancy(wish)}`
  if (mayMakeGroups(tools))
    return {
      ...everything,
      notes: [{ code: 'ACCESS_TEMPORARY_GROUPS', message: `${figures}; groups of the run take them` }],
    }
  if (task.access.dtsCidrs !== 'auto') return everything
  const finding: InstanceFinding = {
    code: 'SRC_GROUPS_FULL',
    level: 'warning',
    message: `DTS is not let in to ${source.identifier}: ${figures}`,
    remedy:
      'if DTS is not used beside Sampan, set access.dtsCidrs to "none"; else allow the option temporaryGroups, or raise the quota and rulesPerGroup',
  }
  return { wanted: wanted.filter(({ purpose }) => purpose !== 'dts'), findings: [finding], notes: [] }
}

/** How full each group is, for messages. */
const occupancy = ({ groups, rulesPerGroup }: AccessWish): string =>
  groups.map(({ id, rules }) => `${id} has ${rules.length} of ${rulesPerGroup}`).join(', ')
