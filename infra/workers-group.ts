import { Tags } from 'aws-cdk-lib'
import { type IVpc, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2'
import type { Construct } from 'constructs'

/** The workers' security group. Nothing comes in to them; out they may go to the clouds' APIs and to database ports. */
export function workersGroup(
  scope: Construct,
  vpc: IVpc,
  name: string,
  databasePorts: readonly number[],
): SecurityGroup {
  const group = new SecurityGroup(scope, 'Workers', {
    vpc,
    description: `Workers of ${name}: nothing comes in`,
    allowAllOutbound: false,
  })
  Tags.of(group).add('Name', `${name} workers`)
  group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'APIs of AWS and Alibaba Cloud')
  for (const port of databasePorts) {
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(port), 'PostgreSQL, source and destination')
  }
  return group
}
