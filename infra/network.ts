import { Annotations, Tags } from 'aws-cdk-lib'
import { Peer, Port, SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2'
import { Construct } from 'constructs'
import type { Workplace } from './functions.ts'
import type { NetworkOptions } from './options.ts'

/**
 * The workers' place in a VPC that exists already. Nothing comes in to them; out they may go to the clouds' APIs and to
 * database ports. Subnets are taken by id and nothing is looked up, so that a stack can be synthesised without an account.
 */
export class Network extends Construct {
  readonly workplace: Workplace

  constructor(scope: Construct, id: string, props: { readonly options: NetworkOptions; readonly name: string }) {
    super(scope, id)
    const { vpcId, subnetIds, egressAddresses, databasePorts } = props.options
    if (egressAddresses === 'discover') {
      throw new Error(
        'network.egressAddresses is still to be discovered: infra/app.ts does that before the stack is made',
      )
    }
    // The zones are asked for by the construct and used by nothing in this stack.
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', { vpcId, availabilityZones: ['unknown'] })
    const securityGroup = new SecurityGroup(this, 'Workers', {
      vpc,
      description: `Workers of ${props.name}: nothing comes in`,
      allowAllOutbound: false,
    })
    Tags.of(securityGroup).add('Name', `${props.name} workers`)
    securityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'APIs of AWS and Alibaba Cloud')
    for (const port of databasePorts) {
      securityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(port), 'PostgreSQL, source and destination')
    }
    const subnets = subnetIds.map((subnetId) => {
      const subnet = Subnet.fromSubnetId(this, subnetId, subnetId)
      Annotations.of(subnet).acknowledgeWarning(
        '@aws-cdk/aws-ec2:noSubnetRouteTableId',
        'Lambda is given the ids of subnets only',
      )
      return subnet
    })
    this.workplace = { vpc, subnets, securityGroup, egressAddresses }
  }
}
