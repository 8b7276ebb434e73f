import { type ApsaraInstance, apsara } from '../../core/cloud/apsara.ts'
import { defaultRegion } from '../../core/cloud/environment.ts'
import type { RdsInstance } from '../../core/cloud/rds.ts'
import { securityGroups } from '../../core/cloud/security-groups.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import { WORKERS_SHUT_OUT } from '../../core/task/access.ts'
import type { WantedBlocks } from './blocks.ts'
import { isWhitelistable } from './open-whitelist.ts'
import type { Wanted } from './plan.ts'
import type { AccessTools } from './tools.ts'

/** By the workers' security group, by the addresses they leave by, or by both where either may be what the instance sees. */
export interface WorkersWay {
  readonly group: string | null
  readonly byAddress: boolean
}

/** The VPCs whose instances let the workers' group in, their own first; empty where the deployment says that all do. */
export const vpcsOfWorkers = ({ environment }: AccessTools): readonly string[] =>
  environment.SAMPAN_WORKER_VPCS?.split(',') ?? []

/**
 * How the workers come in to a source. A rule can name a security group of the same region only, in the same VPC or a peer of it;
 * and traffic carries the group only while it goes by private addresses: to a public instance elsewhere it goes by the NAT.
 * https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
 */
export function workersWay(
  source: Pick<RdsInstance, 'region' | 'vpcId' | 'publiclyAccessible'>,
  tools: AccessTools,
): WorkersWay {
  const { SAMPAN_WORKER_SECURITY_GROUP: group } = tools.environment
  if (group === undefined || source.region !== defaultRegion(tools.environment)) return { group: null, byAddress: true }
  const [own, ...peers] = vpcsOfWorkers(tools)
  if (own === undefined || source.vpcId === own || !source.publiclyAccessible) return { group, byAddress: false }
  // A peering resolves the name of a public instance to its private address only where it is told to.
  return { group: peers.includes(source.vpcId ?? '') ? group : null, byAddress: true }
}

/** DTS comes by its blocks, workers by their way. */
export function wantedBy(way: WorkersWay, blocks: WantedBlocks): readonly Wanted[] {
  const byBlock = (purpose: Wanted['purpose']) => (cidr: string) => ({
    peer: { kind: 'block' as const, cidr },
    purpose,
  })
  return [
    ...(way.group === null
      ? []
      : [{ peer: { kind: 'group' as const, group: way.group }, purpose: 'workers' as const }]),
    ...(way.byAddress ? blocks.workers.map(byBlock('workers')) : []),
    ...blocks.dts.map(byBlock('dts')),
  ]
}

export interface Opening {
  readonly source: RdsInstance | null
  readonly destination: ApsaraInstance | null
  /** To be let in to the source. */
  readonly wanted: readonly Wanted[]
  readonly blocks: WantedBlocks
  /** The task says that the workers reach both sides all the same. */
  readonly approved: boolean
}

/**
 * Refuses what would open the way for DTS and not for the workers of a deployed stack: without a VPC they leave by addresses that nobody
 * knows, so they reach only what is open to everybody. On one machine the user's own way is not known either, and the precheck tells.
 * @throws SampanError `ACCESS_WORKERS_SHUT_OUT`, for both sides at once, before anything is opened
 */
export async function requireWayForWorkers(
  { source, destination, wanted, blocks, approved }: Opening,
  tools: AccessTools,
): Promise<void> {
  const { SAMPAN_STACK: stack, SAMPAN_WORKER_SECURITY_GROUP: group } = tools.environment
  if (stack === undefined || approved) return
  const shut: string[] = []
  if (source && !wanted.some(({ purpose }) => purpose === 'workers') && !(await isOpenToAll(source, tools))) {
    const why =
      source.publiclyAccessible || group === undefined
        ? 'no address of theirs is known'
        : `it is private, and in another region (${source.region}) than they are`
    shut.push(`the security groups of ${source.identifier} do not let the workers in, and no rule can: ${why}`)
  }
  // In a VPC without a known address there is a private way, whose addresses are in the whitelist by hand.
  if (
    destination &&
    !blocks.workers.some(isWhitelistable) &&
    group === undefined &&
    !(await isWhitelistOpen(destination, tools))
  )
    shut.push(`the whitelist of ${destination.instance} does not let the workers in, and no address of theirs is known`)
  if (shut.length === 0) return
  throw new SampanError({
    code: WORKERS_SHUT_OUT,
    message: shut.join('; '),
    remedy:
      'deploy the stack with the option network: "create", or a VPC and its subnets (docs/network.md; sampan doctor says which); nothing was opened',
  })
}

/** By a rule for every address, or by a prefix list, which may have any. */
export async function isOpenToAll(source: RdsInstance, tools: AccessTools): Promise<boolean> {
  if (!source.publiclyAccessible || source.securityGroups.length === 0) return false
  const rules = await securityGroups(tools.environment, source.region, tools.signal).rulesOf(source.securityGroups)
  return rules.some(
    ({ protocol, fromPort, toPort, peer }) =>
      (protocol === '-1' || (protocol === 'tcp' && fromPort <= source.port && source.port <= toPort)) &&
      (peer === null || (peer.kind === 'block' && peer.cidr === '0.0.0.0/0')),
  )
}

export async function isWhitelistOpen({ region, instance }: ApsaraInstance, tools: AccessTools): Promise<boolean> {
  const arrays = await apsara(tools.environment, region, instance, tools.signal).ipArrays()
  return arrays.some(({ addresses }) => addresses.some((address) => /^0\.0\.0\.0(\/0)?$/.test(address)))
}
