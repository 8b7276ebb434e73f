import { lazyClient } from './aws-client.ts'

/** The package, loaded on first use. */
export const s3Sdk = () => import('@aws-sdk/client-s3')

/** Path style where an endpoint is given: a fake answers on one host name, not on one per bucket. */
export const s3Client = lazyClient(
  async (settings) => new (await s3Sdk()).S3Client({ ...settings, forcePathStyle: 'endpoint' in settings }),
)
