import { SampanError } from '../runtime/errors.ts'

/**
 * What the cloud room reads of a function's environment (`Environment` of the runtime fits). Credentials are not part of
 * it: they are taken from the process, as the AWS SDK does, unless a test puts them here.
 */
export type CloudEnvironment = { readonly [Name in Setting]?: string | undefined }

type Setting =
  | 'AWS_REGION'
  | 'SAMPAN_ARTEFACTS'
  /** One base URL for all AWS services: a fake. */
  | 'SAMPAN_AWS_ENDPOINT'
  /** One base URL for DTS and ApsaraDB: a fake, or a private endpoint. */
  | 'SAMPAN_ALIBABA_ENDPOINT'
  | 'SAMPAN_ALIBABA_SECRET'
  | 'SAMPAN_ALIBABA_ROLE'
  | 'SAMPAN_ALIBABA_OIDC_PROVIDER'
  | 'SAMPAN_ALIBABA_AUDIENCE'
  | 'SAMPAN_STATE_MACHINE_ARN'
  | 'SAMPAN_SOURCE_ROLE'
  | 'SAMPAN_SOURCE_EXTERNAL_ID'
  | 'SAMPAN_WORKER_ACCOUNT'
  | 'AWS_ACCESS_KEY_ID'
  | 'AWS_SECRET_ACCESS_KEY'
  | 'AWS_SESSION_TOKEN'
  | 'ALIBABA_CLOUD_ACCESS_KEY_ID'
  | 'ALIBABA_CLOUD_ACCESS_KEY_SECRET'
  | 'ALIBABA_CLOUD_SECURITY_TOKEN'

/** A variable by its name: of the environment given, else of the process. */
export function variable(environment: CloudEnvironment, name: string): string | undefined {
  const given = (environment as Readonly<Record<string, unknown>>)[name]
  return typeof given === 'string' ? given : process.env[name]
}

/** The region to use where neither the task nor an ARN names one. */
export function defaultRegion(environment: CloudEnvironment): string {
  const region = variable(environment, 'AWS_REGION') || variable(environment, 'AWS_DEFAULT_REGION')
  if (region) return region
  throw new SampanError({
    code: 'AWS_REGION_UNKNOWN',
    message: 'no AWS region is known',
    remedy:
      'give --region where the command takes it, or set AWS_REGION; a task says it by "region" beside "rdsInstance"',
  })
}
