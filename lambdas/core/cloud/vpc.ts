import type { Route, RouteTable } from '@aws-sdk/client-ec2'
import type { Account } from './aws-client.ts'
import { awsCall } from './aws-errors.ts'
import { ec2, ownEc2 } from './ec2-client.ts'
import type { CloudEnvironment } from './environment.ts'

/** Where a subnet's traffic to one block goes. */
export interface VpcRoute {
  readonly to: string
  /** `nat-…`, `pcx-…`, `igw-…`, `tgw-…`, `vgw-…`, `local`. */
  readonly by: string
}

export interface VpcSubnet {
  readonly id: string
  readonly zone: string
  /** Its block, IPv4. */
  readonly cidr: string
  readonly routeTable: string
  readonly routes: readonly VpcRoute[]
  /** S3 is reached by a gateway endpoint in its route table. */
  readonly s3Gateway: boolean
}

/** A VPC as far as it decides what a function in it reaches. */
export interface VpcFacts {
  readonly id: string
  /** Its first block. */
  readonly cidr: string
  /** All its blocks, IPv4. */
  readonly cidrs: readonly string[]
  readonly subnets: readonly VpcSubnet[]
  /** Services with an interface endpoint in it, such as `secretsmanager`. */
  readonly interfaceEndpoints: readonly string[]
  /** Public addresses by NAT gateway. */
  readonly natAddresses: ReadonlyMap<string, readonly string[]>
}

/**
 * Reads a VPC: subnets, routes, NAT gateways, endpoints.
 * @param account the source's, or that of the workers
 * @throws SampanError AWS errors
 */
export async function describeVpc(
  environment: CloudEnvironment,
  region: string,
  id: string,
  account: Account,
): Promise<VpcFacts> {
  const { client, sdk } = await (account === 'own' ? ownEc2 : ec2)(environment, region)
  const Filters = [{ Name: 'vpc-id', Values: [id] }]
  const [vpcs, subnets, tables, gateways, endpoints] = await Promise.all([
    awsCall(`describe ${id} (ec2:DescribeVpcs)`, () => client.send(new sdk.DescribeVpcsCommand({ VpcIds: [id] }))),
    awsCall(`list the subnets of ${id} (ec2:DescribeSubnets)`, () =>
      client.send(new sdk.DescribeSubnetsCommand({ Filters })),
    ),
    awsCall(`list the routes of ${id} (ec2:DescribeRouteTables)`, () =>
      client.send(new sdk.DescribeRouteTablesCommand({ Filters })),
    ),
    awsCall(`list the NAT gateways of ${id} (ec2:DescribeNatGateways)`, () =>
      client.send(new sdk.DescribeNatGatewaysCommand({ Filter: Filters })),
    ),
    awsCall(`list the endpoints of ${id} (ec2:DescribeVpcEndpoints)`, () =>
      client.send(new sdk.DescribeVpcEndpointsCommand({ Filters })),
    ),
  ])
  const all = tables.RouteTables ?? []
  const serving = (endpoints.VpcEndpoints ?? []).filter(({ State }) => State?.toLowerCase() !== 'deleted')
  const s3Tables = serving.flatMap((one) =>
    one.VpcEndpointType === 'Gateway' && one.ServiceName?.endsWith('.s3') ? (one.RouteTableIds ?? []) : [],
  )
  const [vpc] = vpcs.Vpcs ?? []
  const cidr = vpc?.CidrBlock ?? ''
  const associated = (vpc?.CidrBlockAssociationSet ?? []).filter(
    ({ CidrBlockState }) => CidrBlockState?.State === 'associated',
  )
  return {
    ...{ id, cidr },
    cidrs: [...new Set([cidr, ...associated.flatMap(({ CidrBlock }) => CidrBlock ?? [])])],
    subnets: (subnets.Subnets ?? []).map(({ SubnetId = '', AvailabilityZone = '', CidrBlock = '' }) => {
      const table = tableOf(SubnetId, all)
      const routeTable = table?.RouteTableId ?? ''
      return {
        id: SubnetId,
        zone: AvailabilityZone,
        cidr: CidrBlock,
        routeTable,
        routes: (table?.Routes ?? []).flatMap(routeOf),
        s3Gateway: s3Tables.includes(routeTable),
      }
    }),
    interfaceEndpoints: serving.flatMap((one) =>
      one.VpcEndpointType === 'Interface' ? (one.ServiceName?.split('.').at(-1) ?? []) : [],
    ),
    natAddresses: new Map(
      (gateways.NatGateways ?? [])
        .filter(({ State }) => State === 'available')
        .map(({ NatGatewayId = '', NatGatewayAddresses }) => [
          NatGatewayId,
          (NatGatewayAddresses ?? []).flatMap(({ PublicIp }) => PublicIp ?? []),
        ]),
    ),
  }
}

/** A subnet without a route table of its own has the VPC's main one. */
function tableOf(subnet: string, tables: readonly RouteTable[]): RouteTable | undefined {
  const own = tables.find((table) => table.Associations?.some(({ SubnetId }) => SubnetId === subnet))
  return own ?? tables.find(({ Associations }) => Associations?.some(({ Main }) => Main === true))
}

/** A blackhole is a route to something that is gone. */
function routeOf(route: Route): readonly VpcRoute[] {
  const by = route.NatGatewayId ?? route.VpcPeeringConnectionId ?? route.TransitGatewayId ?? route.GatewayId
  if (!route.DestinationCidrBlock || !by || route.State === 'blackhole') return []
  return [{ to: route.DestinationCidrBlock, by }]
}
