import { type ApsaraInstance, apsara } from '../../core/cloud/apsara.ts'
import { type DeployedLayout, deployedLayout } from '../../core/cloud/deployed-layout.ts'
import { describeInstance, type RdsInstance } from '../../core/cloud/rds.ts'
import { describeVpc, type VpcFacts } from '../../core/cloud/vpc.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { Task } from '../../core/task/task.ts'
import { judgeReach, type Reach } from './reach.ts'
import { type NetworkSuggestion, suggestNetwork } from './suggest-network.ts'
import type { AccessTools } from './tools.ts'
import { isOpenToAll, isWhitelistOpen } from './workers-way.ts'

/** What a look at an account comes to. */
export interface Examination {
  /** `null`: no such stack in that region. */
  readonly layout: DeployedLayout | null
  /** Of the deployed stack; empty without one. */
  readonly reach: readonly Reach[]
  /** The layout that reaches the source. `null`: the source is a plain host, or no stack there can reach it. */
  readonly suggestion: NetworkSuggestion | null
}

/**
 * Looks at the instances of a task, their networks and the deployed stack; changes nothing. Alibaba Cloud is asked with the credentials
 * at hand: without any, the destination is not known.
 * @param region where the stack is, or is to be
 * @throws SampanError AWS errors, `SRC_INSTANCE_NOT_FOUND`
 */
export async function examine(task: Task, stack: string, region: string, tools: AccessTools): Promise<Examination> {
  const { environment, signal } = tools
  const { rdsInstance, region: sourceRegion = region } = task.source
  const [layout, source] = await Promise.all([
    deployedLayout(environment, region, stack),
    rdsInstance === undefined ? null : describeInstance(environment, sourceRegion, rdsInstance, signal),
  ])
  const sourceVpc = source?.vpcId ? await describeVpc(environment, source.region, source.vpcId, 'source') : null
  const suggestion = source ? suggestNetwork(source, sourceVpc, region) : null
  if (layout === null) return { layout, reach: [], suggestion }
  const reach = await reachOf(task, layout, region, { source, sourceVpc }, tools)
  return { layout, reach, suggestion }
}

async function reachOf(
  { destination: side }: Task,
  layout: DeployedLayout,
  region: string,
  { source, sourceVpc }: { readonly source: RdsInstance | null; readonly sourceVpc: VpcFacts | null },
  tools: AccessTools,
): Promise<readonly Reach[]> {
  const own = layout.vpcId !== null && sourceVpc?.id === layout.vpcId && source?.region === region
  const vpc =
    layout.vpcId === null ? null : own ? sourceVpc : await describeVpc(tools.environment, region, layout.vpcId, 'own')
  const sourceOpen = source !== null && (await isOpenToAll(source, tools))
  let destination: ApsaraInstance | null = null
  let destinationOpen = false
  let refused: SampanError | null = null
  if (side.apsaraInstance !== undefined && side.region !== undefined) {
    try {
      destination = await apsara(tools.environment, side.region, side.apsaraInstance, tools.signal).describe()
      destinationOpen = await isWhitelistOpen(destination, tools)
    } catch (error) {
      if (!(error instanceof SampanError)) throw error
      refused = error
    }
  }
  const reach = judgeReach({ layout, region, vpc, source, sourceVpc, sourceOpen, destination, destinationOpen })
  const why = refused
  if (why === null) return reach
  return reach.map((one) =>
    one.what === 'destination' ? { ...one, how: `Alibaba Cloud did not tell (${why.code}: ${why.message})` } : one,
  )
}
