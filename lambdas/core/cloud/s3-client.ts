import { lazyService } from './aws-client.ts'

/** Path style where an endpoint is given: a fake answers on one host name, not on one per bucket. */
export const s3 = lazyService(
  () => import('@aws-sdk/client-s3'),
  (sdk, settings) => new sdk.S3Client({ ...settings, forcePathStyle: 'endpoint' in settings }),
)
