import { SampanError } from '../runtime/errors.ts'

/**
 * The variables a function runs with. The cloud room reads:
 *
 * - `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`: as everywhere on AWS
 * - `SAMPAN_AWS_ENDPOINT`: one base URL for all AWS services, for fakes
 * - `SAMPAN_ALIBABA_ENDPOINT`: one base URL for DTS and ApsaraDB, for fakes and private endpoints
 * - `ALIBABA_CLOUD_ACCESS_KEY_ID`, `…_SECRET`, `ALIBABA_CLOUD_SECURITY_TOKEN`, or `SAMPAN_ALIBABA_SECRET`: who calls Alibaba
 * - `SAMPAN_ARTEFACTS`: `file:///directory` or `s3://bucket/prefix`
 */
export type CloudEnvironment = Readonly<Record<string, string | undefined>>

/** The region to use where neither the task nor an ARN names one. */
export function defaultRegion(environment: CloudEnvironment): string {
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION
  if (region) return region
  throw new SampanError({
    code: 'AWS_REGION_UNKNOWN',
    message: 'no AWS region is known',
    remedy: 'put "region" beside "rdsInstance" in the task, or set AWS_REGION',
  })
}
