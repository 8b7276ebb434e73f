import { lazyService } from './aws-client.ts'

export const sts = lazyService(
  () => import('@aws-sdk/client-sts'),
  (sdk, settings) => new sdk.STSClient(settings),
)
