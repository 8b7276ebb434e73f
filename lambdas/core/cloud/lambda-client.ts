import { lazyService } from './aws-client.ts'

export const lambda = lazyService(
  () => import('@aws-sdk/client-lambda'),
  (sdk, settings) => new sdk.LambdaClient(settings),
)
