import type { ApsaraInstance } from '../../core/cloud/apsara.ts'
import type { DeployedLayout } from '../../core/cloud/deployed-layout.ts'
import type { RdsInstance } from '../../core/cloud/rds.ts'
import type { VpcFacts, VpcSubnet } from '../../core/cloud/vpc.ts'
import { type Block, contains, parseBlock } from '../../core/task/cidr.ts'

/** Whether the workers reach something, by what, or why not. */
export interface Reach {
  readonly what: string
  /** `null`: it cannot be known from here. */
  readonly reached: boolean | null
  readonly how: string
}

export interface ReachFacts {
  readonly layout: DeployedLayout
  /** Where the stack is. */
  readonly region: string
  /** The workers' VPC, `null` without one. */
  readonly vpc: VpcFacts | null
  /** `null` where the task names a plain host; so below. */
  readonly source: RdsInstance | null
  /** The VPC the source is in. */
  readonly sourceVpc: VpcFacts | null
  /** The source's groups let every address in. */
  readonly sourceOpen: boolean
  readonly destination: ApsaraInstance | null
  /** The whitelist lets every address in. */
  readonly destinationOpen: boolean
}

type Answer = Omit<Reach, 'what'>
const yes = (how: string): Answer => ({ reached: true, how })
const no = (how: string): Answer => ({ reached: false, how })
const unknown = (how: string): Answer => ({ reached: null, how })

/** What the workers of a deployed stack reach, judged by routes, groups and lists as they are. Pure. */
export function judgeReach(facts: ReachFacts): readonly Reach[] {
  const { source, destination, region } = facts
  return [
    source
      ? { what: `source ${source.identifier}`, ...reachSource(facts, source) }
      : { what: 'source', ...unknown('the task names a host: a run with "mode": "precheck" tells') },
    destination
      ? { what: `destination ${destination.instance}`, ...reachDestination(facts, destination) }
      : { what: 'destination', ...unknown('the task names a host: a run with "mode": "precheck" tells') },
    { what: `Secrets Manager in ${region}`, ...reachService(facts, 'secretsmanager') },
    { what: `S3 in ${region}`, ...reachService(facts, 's3') },
  ]
}

function reachSource(facts: ReachFacts, source: RdsInstance): Answer {
  const { layout, vpc, sourceVpc, region } = facts
  if (vpc === null) {
    if (!source.publiclyAccessible) return no('it is private, and the workers are in no VPC')
    return facts.sourceOpen
      ? yes('its group is open to every address')
      : no('no address of the workers is known, so no rule can let them in')
  }
  const sameRegion = source.region === region
  if (sameRegion && source.vpcId === vpc.id) {
    return layout.securityGroup === null
      ? byAddress(facts, 'a rule for')
      : yes('in the workers’ own VPC, by a rule for their security group')
  }
  if (source.publiclyAccessible) return byAddress(facts, 'a rule for')
  if (!sameRegion) return no(`it is private, and in ${source.region}`)
  if (layout.securityGroup === null) return no('it is private, and network.sourceBy is "addresses"')
  if (!sourceVpc) return no(`it is private in ${source.vpcId}; no route leads there from ${vpc.id}`)
  const workers = workerSubnets(facts)
  const homes = sourceVpc.subnets.filter(({ id }) => source.subnetIds.includes(id))
  const there = ways(workers, blocksOf(homes, sourceVpc))
  const unled = there.find(({ by }) => by === null)
  if (unled !== undefined)
    return no(`it is private in ${source.vpcId}; no route leads to its ${unled.block} from ${vpc.id}`)
  const back = ways(homes, blocksOf(workers, vpc)).filter(({ by }) => by === null)
  const missing = [...new Set(back.map(({ subnet }) => subnet))]
  if (missing.length > 0) {
    const blocks = [...new Set(back.map(({ block }) => block))]
    return no(`no route leads back to ${blocks.join(', ')} from ${missing.join(', ')}`)
  }
  return yes(`by ${there[0]?.by}, by a rule for the workers’ security group`)
}

/** The VPC's blocks that these subnets lie in: it may have several, and a route leads to one of them or to all. */
function blocksOf(subnets: readonly VpcSubnet[], { cidrs }: VpcFacts): readonly string[] {
  const used = cidrs.filter((cidr) => subnets.some((subnet) => isWithin(subnet.cidr, cidr)))
  return used.length > 0 ? used : cidrs
}

function isWithin(inner: string, outer: string): boolean {
  const [one, other] = [parseBlock(inner), parseBlock(outer)]
  return !('problem' in one) && !('problem' in other) && contains(other, one)
}

/** How each of the subnets leads to each of the blocks; `null`: by no peering, transit gateway or VPN. */
function ways(subnets: readonly VpcSubnet[], blocks: readonly string[]) {
  return subnets.flatMap((subnet) =>
    blocks.map((block) => {
      const by = routeTo(subnet, block)
      return { subnet: subnet.id, block, by: by !== null && isJoin(by) ? by : null }
    }),
  )
}

function reachDestination(facts: ReachFacts, destination: ApsaraInstance): Answer {
  if (!destination.publicEndpoint) return unknown('it has no public endpoint: a peering or VPN must lead to it')
  if (facts.vpc !== null) return byAddress(facts, 'a whitelist entry for')
  return facts.destinationOpen
    ? yes('its whitelist is open to every address')
    : no('no address of the workers is known, so no whitelist entry can let them in')
}

/** Over the Internet, by the addresses of the NAT, which are what the other side lets in. */
function byAddress(facts: ReachFacts, by: string): Answer {
  const { layout } = facts
  const without = workerSubnets(facts).filter((subnet) => natOf(subnet) === null)
  if (without.length > 0) return no(`${namesOf(without)} has no route to a NAT gateway`)
  const now = natAddresses(facts)
  if (layout.egressAddresses.length === 0) return no('the deployment names no address that the workers leave by')
  const strangers = now.filter((address) => !layout.egressAddresses.includes(address))
  if (strangers.length > 0)
    return no(
      `the NAT leaves by ${strangers.join(', ')}, the deployment says ${layout.egressAddresses.join(', ')}: deploy again`,
    )
  return yes(`by the NAT, ${by} ${layout.egressAddresses.join(', ')}`)
}

function reachService(facts: ReachFacts, service: 'secretsmanager' | 's3'): Answer {
  const { vpc } = facts
  if (vpc === null) return yes('from Lambda’s own network')
  if (vpc.interfaceEndpoints.includes(service)) return yes('by an interface endpoint')
  const subnets = workerSubnets(facts)
  if (service === 's3' && subnets.every(({ s3Gateway }) => s3Gateway)) return yes('by a gateway endpoint')
  const without = subnets.filter((subnet) => natOf(subnet) === null)
  return without.length === 0
    ? yes('by the NAT')
    : no(`${namesOf(without)} has no NAT gateway, and the VPC no endpoint for it`)
}

const namesOf = (subnets: readonly VpcSubnet[]) => subnets.map(({ id }) => id).join(', ')

function workerSubnets({ layout, vpc }: ReachFacts): readonly VpcSubnet[] {
  return vpc?.subnets.filter(({ id }) => layout.subnetIds.includes(id)) ?? []
}

const natAddresses = (facts: ReachFacts): readonly string[] => [
  ...new Set(workerSubnets(facts).flatMap((subnet) => facts.vpc?.natAddresses.get(natOf(subnet) ?? '') ?? [])),
]

/** The NAT gateway of the default route; a function in a subnet with a way to the Internet of its own has no public address. */
export function natOf({ routes }: VpcSubnet): string | null {
  const by = routes.find(({ to }) => to === '0.0.0.0/0')?.by
  return by?.startsWith('nat-') ? by : null
}

const isJoin = (by: string) => /^(pcx|tgw|vgw)-/.test(by)

/** What the most exact route leads by, `null` where none does. */
function routeTo({ routes }: VpcSubnet, cidr: string): string | null {
  const target = parseBlock(cidr)
  if ('problem' in target) return null
  const fitting = routes
    .map(({ to, by }) => ({ block: parseBlock(to), by }))
    .filter((one): one is { block: Block; by: string } => !('problem' in one.block) && contains(one.block, target))
  return fitting.sort((one, other) => other.block.length - one.block.length)[0]?.by ?? null
}
