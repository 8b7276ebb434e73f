import { DescribeNatGatewaysCommand, DescribeRouteTablesCommand, EC2Client, type RouteTable } from '@aws-sdk/client-ec2'
import type { Options } from './options.ts'

/**
 * Finds the public addresses by which the subnets leave the VPC: subnet → route table → NAT gateway → its addresses. They
 * go into the ApsaraDB whitelist. Nothing is asked where the options name them.
 * @throws Error where a subnet has no way out by a NAT gateway, or EC2 cannot be asked
 */
export async function discoverEgress(options: Options, client?: EC2Client): Promise<Options> {
  const { network } = options
  if (network === null || network.create || network.egressAddresses !== 'discover') return options
  // cdk tells the region of the profile it was called with.
  const region = options.region ?? process.env.CDK_DEFAULT_REGION
  const ec2 = client ?? new EC2Client(region ? { region } : {})
  try {
    const tables = await routeTables(ec2, network.vpcId)
    const gateways = new Set(network.subnetIds.map((subnet) => gatewayOf(subnet, tables)))
    const answer = await ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds: [...gateways] }))
    const addresses = (answer.NatGateways ?? [])
      .flatMap((gateway) => gateway.NatGatewayAddresses ?? [])
      .flatMap(({ PublicIp }) => PublicIp ?? [])
    if (addresses.length === 0) throw new Error(`the NAT gateways ${[...gateways].join(', ')} have no public address`)
    return { ...options, network: { ...network, egressAddresses: [...new Set(addresses)].sort() } }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      `the addresses the workers leave by cannot be discovered: ${why}\n` +
        'give them as network.egressAddresses, an empty list if the workers reach ApsaraDB by a private way',
      { cause },
    )
  }
}

async function routeTables(client: EC2Client, vpcId: string): Promise<readonly RouteTable[]> {
  const answer = await client.send(
    new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [vpcId] }], MaxResults: 100 }),
  )
  return answer.RouteTables ?? []
}

/** A subnet without a route table of its own has the VPC's main one. */
function gatewayOf(subnet: string, tables: readonly RouteTable[]): string {
  const own = tables.find((table) => table.Associations?.some(({ SubnetId }) => SubnetId === subnet))
  const table = own ?? tables.find(({ Associations }) => Associations?.some(({ Main }) => Main === true))
  const route = table?.Routes?.find(({ DestinationCidrBlock: to }) => to === '0.0.0.0/0')
  if (!route?.NatGatewayId) throw new Error(`${subnet} has no default route to a NAT gateway`)
  return route.NatGatewayId
}
