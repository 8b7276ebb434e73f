import { createHash } from 'node:crypto'
import { RemovalPolicy, Tags } from 'aws-cdk-lib'
import {
  CfnEIP,
  CfnRoute,
  CfnVPCPeeringConnection,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  NatProvider,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2'
import { Construct } from 'constructs'
import type { Workplace } from './functions.ts'
import { acceptFinding } from './nag.ts'
import { DEFAULT_CIDR, type MadeNetwork as MadeNetworkOptions } from './network-options.ts'
import { workersGroup } from './workers-group.ts'

/**
 * A VPC of the stack's own: private subnets in two zones, one NAT gateway with a fixed address, which both clouds can let in, and
 * S3 by a gateway endpoint, which costs nothing and keeps reports out of the NAT's gigabytes. To private sources it is joined by
 * peerings.
 */
export class MadeNetwork extends Construct {
  readonly workplace: Workplace

  constructor(scope: Construct, id: string, props: { readonly options: MadeNetworkOptions; readonly name: string }) {
    super(scope, id)
    const { cidr, zones, allocationId, address, peers, databasePorts } = props.options
    const as = differing(cidr, zones)
    const made = allocationId === undefined ? new CfnEIP(this, `Address${as}`, { domain: 'vpc' }) : undefined
    if (made) {
      // It goes with the stack: one that is kept by itself would cost by the hour and be in nobody's sight.
      made.applyRemovalPolicy(RemovalPolicy.DESTROY)
      Tags.of(made).add('Name', `${props.name} workers leave by this`)
    }
    const vpc = new Vpc(this, `Vpc${as}`, {
      ipAddresses: IpAddresses.cidr(cidr),
      ...(zones ? { availabilityZones: zones } : { maxAzs: 2 }),
      natGateways: 1,
      natGatewayProvider: NatProvider.gateway({ eipAllocationIds: [made?.attrAllocationId ?? allocationId ?? ''] }),
      subnetConfiguration: [
        { name: 'Nat', subnetType: SubnetType.PUBLIC, cidrMask: 28, mapPublicIpOnLaunch: false },
        { name: 'Workers', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 26 },
      ],
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
      // Nothing uses the default group; emptying it would take a function with rights on security groups.
      restrictDefaultSecurityGroup: false,
    })
    acceptFinding(
      vpc,
      'AwsSolutions-VPC7',
      'nothing but the stack’s own functions is in it, nothing comes in, and each of their calls is in their log',
    )
    // CDK's own types do not agree with each other under exactOptionalPropertyTypes.
    const place = vpc as IVpc
    for (const { vpcId, cidr: theirs, routeTableIds } of peers) this.join(vpc, vpcId, theirs, routeTableIds, cidr)
    this.workplace = {
      vpc: place,
      subnets: vpc.privateSubnets,
      securityGroup: workersGroup(this, place, props.name, databasePorts),
      egressAddresses: [made?.attrPublicIp ?? address ?? ''],
      sourceBy: 'auto',
      vpcIds: [vpc.vpcId, ...peers.map((peer) => peer.vpcId)],
    }
  }

  /** In one account and region CloudFormation accepts a peering itself. */
  private join(
    vpc: Vpc,
    peerVpcId: string,
    theirs: readonly string[],
    theirTables: readonly string[],
    ours: string,
  ): void {
    const peering = new CfnVPCPeeringConnection(this, `Peering-${peerVpcId}`, { vpcId: vpc.vpcId, peerVpcId })
    const vpcPeeringConnectionId = peering.ref
    for (const [index, { routeTable }] of vpc.privateSubnets.entries()) {
      for (const [nth, destinationCidrBlock] of theirs.entries()) {
        new CfnRoute(this, `To-${peerVpcId}-${index}${nth === 0 ? '' : `-${nth}`}`, {
          ...{ routeTableId: routeTable.routeTableId, destinationCidrBlock, vpcPeeringConnectionId },
        })
      }
    }
    for (const routeTableId of theirTables) {
      new CfnRoute(this, `Back-${routeTableId}`, { routeTableId, destinationCidrBlock: ours, vpcPeeringConnectionId })
    }
  }
}

/**
 * Part of the logical ids of a VPC that is not the default one. Block and zones of what is made cannot be changed, and two subnets of one
 * VPC cannot overlap: with other ids another VPC is made beside the old one, with an address of its own, and the old one goes after it.
 */
function differing(cidr: string, zones: readonly string[] | undefined): string {
  if (cidr === DEFAULT_CIDR && zones === undefined) return ''
  return createHash('sha256')
    .update([cidr, ...(zones ?? [])].join(' '))
    .digest('hex')
    .slice(0, 8)
}
