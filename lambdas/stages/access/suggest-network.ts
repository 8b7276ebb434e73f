import type { RdsInstance } from '../../core/cloud/rds.ts'
import type { VpcFacts } from '../../core/cloud/vpc.ts'
import { type Block, overlap, parseBlock } from '../../core/task/cidr.ts'
import { natOf } from './reach.ts'

/** The option `network` that reaches a source, and why that one. */
export interface NetworkSuggestion {
  readonly network: unknown
  readonly why: string
}

/**
 * Chooses the layout for a source: private subnets of its own VPC where they have a NAT gateway, else a VPC of the stack's, joined to
 * the source's if that is private. Pure.
 * @param region where the stack is to be: a peering is made in one region only
 * @returns `null` where no layout of one stack there reaches it
 */
export function suggestNetwork(source: RdsInstance, vpc: VpcFacts | null, region: string): NetworkSuggestion | null {
  const here = source.region === region
  const withNat = here ? (vpc?.subnets.filter((subnet) => natOf(subnet) !== null) ?? []) : []
  // One for each zone, two of them: more are of no use to functions that may run in any.
  const chosen = [...new Map(withNat.map((subnet) => [subnet.zone, subnet])).values()].slice(0, 2)
  if (vpc && chosen.length > 0) {
    return {
      network: { vpcId: vpc.id, subnetIds: chosen.map(({ id }) => id) },
      why: 'subnets of the source’s own VPC that have a NAT gateway: nothing public is needed on the side of AWS',
    }
  }
  if (source.publiclyAccessible) {
    return { network: 'create', why: 'the source is public, and its VPC has no NAT gateway: a VPC of the stack’s own' }
  }
  if (!here || !vpc) return null
  // Neither a block of the VPC nor one that its routes lead elsewhere with: such as that of another stack joined to it.
  const led = vpc.subnets.flatMap(({ routes }) => routes.map(({ to }) => to)).filter((to) => to !== '0.0.0.0/0')
  const cidr = freeBlock([...vpc.cidrs, ...led])
  const tables = vpc.subnets.filter(({ id }) => source.subnetIds.includes(id)).map(({ routeTable }) => routeTable)
  if (cidr === null || tables.length === 0) return null
  return {
    network: {
      create: true,
      cidr,
      peers: [
        { vpcId: vpc.id, cidr: vpc.cidrs.length > 1 ? vpc.cidrs : vpc.cidr, routeTableIds: [...new Set(tables)] },
      ],
    },
    why: 'the source is private, and its VPC has no NAT gateway: a VPC of the stack’s own, joined to it',
  }
}

function freeBlock(taken: readonly string[]): string | null {
  const used = taken.map((text) => parseBlock(text)).filter((one): one is Block => !('problem' in one))
  const isFree = (text: string) => {
    const block = parseBlock(text)
    return !('problem' in block) && !used.some((one) => overlap(one, block))
  }
  const blocks = ['10.255', '172.31', '192.168'].flatMap((net) => [255, 254, 253, 252].map((n) => `${net}.${n}.0/24`))
  return ['10.255.0.0/24', ...blocks].find(isFree) ?? null
}
