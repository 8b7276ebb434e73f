import { listOf, type Tree, textOf, treeOf, xml } from './xml.ts'

export interface FakeVpc {
  readonly id: string
  readonly region: string
  readonly cidr: string
  /** Further blocks. */
  readonly more?: readonly string[]
  /** Zone, route table and block by subnet; no table: the VPC's main one, `main`; no block: all of the VPC's first. */
  readonly subnets: Readonly<Record<string, { readonly zone: string; readonly table?: string; readonly cidr?: string }>>
  /** Where each block goes, by route table: `nat-…`, `pcx-…`, `igw-…`, `vpce-…`. */
  readonly tables: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly natGateways?: Readonly<Record<string, string>>
  /** Route tables by service of gateway endpoints. */
  readonly gatewayEndpoints?: Readonly<Record<string, readonly string[]>>
  readonly interfaceEndpoints?: readonly string[]
}

export const VPC_ACTIONS = [
  'DescribeVpcs',
  'DescribeSubnets',
  'DescribeRouteTables',
  'DescribeNatGateways',
  'DescribeVpcEndpoints',
]

/** Answers the describing actions for one VPC, which is named by its id or by the filter `vpc-id`. */
export function answerVpc(vpcs: ReadonlyMap<string, FakeVpc>, action: string, input: Tree, region: string): string {
  const filter = listOf(treeOf(input, 'Filter')).find((one) => textOf(one, 'Name') === 'vpc-id')
  const [id] = filter ? listOf(treeOf(filter, 'Value')) : listOf(treeOf(input, 'VpcId'))
  const vpc = vpcs.get(String(id))
  const found = vpc?.region === region ? [vpc] : []
  switch (action) {
    case 'DescribeVpcs':
      return xml({
        vpcSet: found.map(({ id, cidr, more = [] }) => ({
          ...{ vpcId: id, cidrBlock: cidr },
          cidrBlockAssociationSet: [cidr, ...more].map((cidrBlock) => ({
            ...{ cidrBlock, cidrBlockState: { state: 'associated' } },
          })),
        })),
      })
    case 'DescribeSubnets':
      return xml({
        subnetSet: found.flatMap(({ subnets, cidr }) =>
          Object.entries(subnets).map(([subnetId, { zone, cidr: cidrBlock = cidr }]) => ({
            ...{ subnetId, availabilityZone: zone, cidrBlock },
          })),
        ),
      })
    case 'DescribeRouteTables':
      return xml({ routeTableSet: found.flatMap(tablesOf) })
    case 'DescribeNatGateways':
      return xml({
        natGatewaySet: found.flatMap(({ natGateways = {} }) =>
          Object.entries(natGateways).map(([natGatewayId, publicIp]) => ({
            natGatewayId,
            state: 'available',
            natGatewayAddressSet: [{ publicIp }],
          })),
        ),
      })
    default:
      return xml({ vpcEndpointSet: found.flatMap((one) => endpointsOf(one, region)) })
  }
}

function tablesOf({ subnets, tables, cidr }: FakeVpc) {
  return Object.entries(tables).map(([routeTableId, routes]) => ({
    routeTableId,
    associationSet: [
      ...(routeTableId === 'main' ? [{ main: true }] : []),
      ...Object.entries(subnets).flatMap(([subnetId, { table }]) =>
        table === routeTableId ? [{ main: false, subnetId }] : [],
      ),
    ],
    routeSet: [
      { destinationCidrBlock: cidr, gatewayId: 'local', state: 'active' },
      ...Object.entries(routes).map(([to, by]) => ({
        destinationCidrBlock: to,
        state: 'active',
        ...(by.startsWith('nat-')
          ? { natGatewayId: by }
          : by.startsWith('pcx-')
            ? { vpcPeeringConnectionId: by }
            : { gatewayId: by }),
      })),
    ],
  }))
}

function endpointsOf({ gatewayEndpoints = {}, interfaceEndpoints = [] }: FakeVpc, region: string) {
  const serviceName = (service: string) => `com.amazonaws.${region}.${service}`
  return [
    ...Object.entries(gatewayEndpoints).map(([service, tables]) => ({
      vpcEndpointType: 'Gateway',
      serviceName: serviceName(service),
      state: 'available',
      routeTableIdSet: [...tables],
    })),
    ...interfaceEndpoints.map((service) => ({
      vpcEndpointType: 'Interface',
      serviceName: serviceName(service),
      state: 'available',
    })),
  ]
}
