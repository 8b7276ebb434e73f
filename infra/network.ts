import { Annotations } from 'aws-cdk-lib'
import { Subnet, Vpc } from 'aws-cdk-lib/aws-ec2'
import { Construct } from 'constructs'
import type { Workplace } from './functions.ts'
import type { ExistingNetwork } from './network-options.ts'
import { workersGroup } from './workers-group.ts'

/**
 * The workers' place in a VPC that exists already. Subnets are taken by id and nothing is looked up, so that a stack can be
 * synthesised without an account.
 */
export class Network extends Construct {
  readonly workplace: Workplace

  constructor(scope: Construct, id: string, props: { readonly options: ExistingNetwork; readonly name: string }) {
    super(scope, id)
    const { vpcId, subnetIds, egressAddresses, databasePorts, sourceBy } = props.options
    if (egressAddresses === 'discover') {
      throw new Error(
        'network.egressAddresses is still to be discovered: infra/app.ts does that before the stack is made',
      )
    }
    // The zones are asked for by the construct and used by nothing in this stack.
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', { vpcId, availabilityZones: ['unknown'] })
    const securityGroup = workersGroup(this, vpc, props.name, databasePorts)
    const subnets = subnetIds.map((subnetId) => {
      const subnet = Subnet.fromSubnetId(this, subnetId, subnetId)
      Annotations.of(subnet).acknowledgeWarning(
        '@aws-cdk/aws-ec2:noSubnetRouteTableId',
        'Lambda is given the ids of subnets only',
      )
      return subnet
    })
    this.workplace = { vpc, subnets, securityGroup, egressAddresses, sourceBy, vpcIds: [vpcId] }
  }
}
