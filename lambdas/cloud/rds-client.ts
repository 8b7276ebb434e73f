import { lazyService } from './aws-client.ts'

export const rds = lazyService(
  () => import('@aws-sdk/client-rds'),
  (sdk, settings) => new sdk.RDSClient(settings),
)
