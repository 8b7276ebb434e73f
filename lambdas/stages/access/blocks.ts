import { dtsBlocks } from '../../core/cloud/dts-cidrs.ts'
import type { AccessNote } from '../../core/documents/access.ts'
import type { Environment } from '../../core/runtime/environment.ts'
import { egressAddresses } from '../../core/runtime/environment.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import { ACCESS_APPROVALS } from '../../core/task/access.ts'
import type { Task } from '../../core/task/task.ts'
import { type BlockPolicy, type BlockProblem, normaliseBlocks } from './normalise.ts'
import { broadestBlock } from './tools.ts'

/** The addresses that are to come in, normalised, with what there is to tell about them. */
export interface WantedBlocks {
  readonly dts: readonly string[]
  readonly workers: readonly string[]
  readonly notes: readonly AccessNote[]
}

/**
 * Which addresses a task wants to come in: DTS's blocks of the destination region, and the addresses the workers leave by.
 * @throws SampanError `ACCESS_BLOCKS_REFUSED` with every block that needs approval, `DTS_CIDRS_UNKNOWN`
 */
export async function wantedBlocks(task: Task, environment: Environment, signal: AbortSignal): Promise<WantedBlocks> {
  const approved = new Set(task.precheck.acknowledge)
  const unless = (code: string) => (approved.has(code) ? 'keep' : 'refuse')
  const size = { broad: unless('ACCESS_BLOCK_BROAD'), many: unless('ACCESS_BLOCKS_MANY') } as const
  const broadest = broadestBlock(environment)
  const given: BlockPolicy = { special: unless('ACCESS_BLOCK_PRIVATE'), ...size, broadest }

  const dts = await dtsSide(task, environment, { special: 'drop', ...size, broadest }, given, signal)
  const own = normaliseBlocks(task.access.whitelistAddresses, given)
  // Whoever deployed the stack named these: private ones belong to a peering or a VPN.
  const egress = normaliseBlocks(egressAddresses(environment), { special: 'keep', ...size })
  refuse([...dts.refused, ...own.refused, ...egress.refused])
  const workers = normaliseBlocks([...own.blocks, ...egress.blocks], {
    special: 'keep',
    broad: 'keep',
    many: 'keep',
  }).blocks
  return { dts: dts.blocks, workers, notes: dts.notes }
}

interface DtsSide {
  readonly blocks: readonly string[]
  readonly refused: readonly BlockProblem[]
  readonly notes: readonly AccessNote[]
}

/** DTS comes to an RDS instance only where the task names one: Sampan opens nothing in front of a plain host. */
async function dtsSide(
  task: Task,
  environment: Environment,
  published: BlockPolicy,
  given: BlockPolicy,
  signal: AbortSignal,
): Promise<DtsSide> {
  const choice = task.access.dtsCidrs
  if (choice === 'none' || task.source.rdsInstance === undefined) return { blocks: [], refused: [], notes: [] }
  if (choice !== 'auto') return { ...normaliseBlocks(choice, given), notes: [] }
  const region = task.destination.region
  if (region === undefined) {
    const message = 'destination.region is not given, so no DTS block was opened'
    return { blocks: [], refused: [], notes: [{ code: 'DTS_REGION_UNKNOWN', message }] }
  }
  const answer = await dtsBlocks(environment, region, signal)
  const used = normaliseBlocks(answer.blocks, published)
  const notes: AccessNote[] = [
    {
      code: 'DTS_CIDRS',
      message: `${answer.source} names ${answer.blocks.length} blocks for ${region}; ${used.blocks.length} are opened (${used.addresses} addresses)`,
    },
  ]
  if (used.dropped.length > 0) {
    const list = used.dropped.map((one) => one.block).join(', ')
    notes.push({ code: 'DTS_CIDRS_DROPPED', message: `not public, so not opened: ${list}` })
  }
  if (answer.missing) notes.push({ code: 'DTS_CIDRS_UNCHECKED', message: answer.missing })
  if (answer.compare) notes.push(...difference(used.blocks, normaliseBlocks(answer.compare, published).blocks))
  return { blocks: used.blocks, refused: used.refused, notes }
}

/**
 * Where the two lists differ, WhiteIpList alone is opened: it is the one documented for whitelists. A block that only the
 * other names is told, not opened; one that only WhiteIpList names is opened and told.
 */
function difference(used: readonly string[], other: readonly string[]): readonly AccessNote[] {
  const without = (left: readonly string[], right: readonly string[]) => left.filter((block) => !right.includes(block))
  const extra = without(other, used)
  const alone = without(used, other)
  if (extra.length === 0 && alone.length === 0) return []
  const message = `only DescribeDTSIP names ${extra.join(', ') || 'none'} (not opened); only WhiteIpList names ${alone.join(', ') || 'none'} (opened)`
  return [{ code: 'DTS_CIDRS_DIFFER', message }]
}

function refuse(problems: readonly BlockProblem[]): void {
  if (problems.length === 0) return
  const codes = [...new Set(problems.map((problem) => problem.code))]
  const approvals = codes.filter((code) => ACCESS_APPROVALS.includes(code))
  const ways = [
    'correct the blocks',
    ...(codes.includes('ACCESS_BLOCK_BEYOND_STACK') ? ['deploy the stack with a wider broadestBlock'] : []),
    ...(approvals.length > 0 ? [`approve what may be with ${approvals.join(', ')} in precheck.acknowledge`] : []),
  ]
  throw new SampanError({
    code: 'ACCESS_BLOCKS_REFUSED',
    message: `not opened: ${problems.map(({ block, code, reason }) => `${block} ${reason} (${code})`).join('; ')}`,
    remedy: ways.join(', or '),
  })
}
