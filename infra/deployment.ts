import type { DeploymentOptions } from './deployment-options.ts'

/**
 * Your deployment. Everything has a default (infra/deployment-options.ts says which); what stands here is over the defaults, and
 * `-c sampan:<option>=<value>` on the command line is over both.
 * @example
 * export const deployment: DeploymentOptions = {
 *   region: 'us-east-1',
 *   size: 'large',
 *   network: { vpcId: 'vpc-0a1b2c3d', subnetIds: ['subnet-0a1b2c3d', 'subnet-4e5f6a7b'] },
 *   alarmMails: ['dba@example.com'],
 * }
 */
export const deployment: DeploymentOptions = {
  // A VPC of the stack's own with one fixed address, about 37 dollars a month while it stands. A VPC that is there already, with a NAT
  // gateway in it, costs nothing more: `npm run sampan -- doctor task.json` says which option reaches your instance.
  network: 'create',
}
