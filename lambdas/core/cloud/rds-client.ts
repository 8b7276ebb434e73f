import { lazyService } from './aws-client.ts'

/** RDS of the source's account. */
export const rds = lazyService(
  () => import('@aws-sdk/client-rds'),
  (sdk, settings) => new sdk.RDSClient(settings),
  'source',
)
