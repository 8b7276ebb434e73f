import { lazyService } from './aws-client.ts'

export const sfn = lazyService(
  () => import('@aws-sdk/client-sfn'),
  (sdk, settings) => new sdk.SFNClient(settings),
)
