import { lazyService } from './aws-client.ts'

const load = () => import('@aws-sdk/client-ec2')

/** EC2 of the source's account: its security groups. */
export const ec2 = lazyService(load, (sdk, settings) => new sdk.EC2Client(settings), 'source')

/** EC2 of the stack's own account: the network of the workers. */
export const ownEc2 = lazyService(load, (sdk, settings) => new sdk.EC2Client(settings))
