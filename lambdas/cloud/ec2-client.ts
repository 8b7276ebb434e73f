import { lazyService } from './aws-client.ts'

export const ec2 = lazyService(
  () => import('@aws-sdk/client-ec2'),
  (sdk, settings) => new sdk.EC2Client(settings),
)
