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
import type { MadeNetwork as MadeNetworkOptions } from './network-options.ts'
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
    const made = allocationId === undefined ? new CfnEIP(this, 'Address', { domain: 'vpc' }) : undefined
    if (made) {
      // It goes with the stack: one that is kept by itself would cost by the hour and be in nobody's sight.
      made.applyRemovalPolicy(RemovalPolicy.DESTROY)
      Tags.of(made).add('Name', `${props.name} workers leave by this`)
    }
    const vpc = new Vpc(this, 'Vpc', {
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
  private join(vpc: Vpc, peerVpcId: string, theirs: string, theirTables: readonly string[], ours: string): void {
    const peering = new CfnVPCPeeringConnection(this, `Peering-${peerVpcId}`, { vpcId: vpc.vpcId, peerVpcId })
    const vpcPeeringConnectionId = peering.ref
    for (const [index, { routeTable }] of vpc.privateSubnets.entries()) {
      new CfnRoute(this, `To-${peerVpcId}-${index}`, {
        routeTableId: routeTable.routeTableId,
        destinationCidrBlock: theirs,
        vpcPeeringConnectionId,
      })
    }
    for (const routeTableId of theirTables) {
      new CfnRoute(this, `Back-${routeTableId}`, { routeTableId, destinationCidrBlock: ours, vpcPeeringConnectionId })
    }
  }
}
