import { SampanError } from '../runtime/errors.ts'
import { toAwsError } from './aws-errors.ts'
import { type CloudEnvironment, variable } from './environment.ts'

/** Credentials of a role, as the AWS SDK takes them. */
export interface RoleCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

/** Gives credentials, made anew when they are about to end. */
export type RoleProvider = () => Promise<RoleCredentials>

interface BaseSettings {
  readonly [setting: string]: unknown
}

/** A role that is assumed by a role gets an hour, whatever is asked for. */
const SESSION_SECONDS = 3600
/** Credentials are made anew so long before they end. */
const SPARE_MILLISECONDS = 5 * 60_000

const known = new Map<string, RoleProvider>()

/** The role in the source's account that this runs by; `null`: the source is in the account of the workers. */
export function sourceRole(environment: CloudEnvironment): string | null {
  return variable(environment, 'SAMPAN_SOURCE_ROLE') || null
}

/**
 * What signs the calls to the source's account, where that is another one: `SAMPAN_SOURCE_ROLE`, assumed with the external id
 * `SAMPAN_SOURCE_EXTERNAL_ID`. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 * @param base how an AWS client of one's own account is made
 * @returns `null` where the source is in the account of the workers
 */
export function sourceCredentials(
  environment: CloudEnvironment,
  base: BaseSettings,
  region: string,
): RoleProvider | null {
  const role = sourceRole(environment)
  if (role === null) return null
  const externalId = variable(environment, 'SAMPAN_SOURCE_EXTERNAL_ID') || null
  const key = JSON.stringify([role, externalId, region, base.endpoint, base.credentials])
  const provider = known.get(key) ?? renewed(() => assume(role, externalId, base, region))
  known.set(key, provider)
  return provider
}

async function assume(
  role: string,
  externalId: string | null,
  { credentials, ...base }: BaseSettings,
  region: string,
): Promise<RoleCredentials> {
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers')
  const provider = fromTemporaryCredentials({
    params: {
      RoleArn: role,
      // CloudTrail of the source's account shows it.
      RoleSessionName: 'sampan',
      DurationSeconds: SESSION_SECONDS,
      ...(externalId === null ? {} : { ExternalId: externalId }),
    },
    ...(credentials === undefined ? {} : { masterCredentials: credentials as RoleCredentials }),
    clientConfig: { ...base, region },
  })
  try {
    return await provider()
  } catch (thrown) {
    throw refusal(role, thrown)
  }
}

function refusal(role: string, thrown: unknown): unknown {
  const error = toAwsError(thrown, `assume ${role}`)
  if (!(error instanceof SampanError) || error.code !== 'AWS_PERMISSION_MISSING') return error
  return new SampanError({
    code: 'SOURCE_ROLE_REFUSED',
    message: error.message,
    remedy:
      'give the role the trust policy of the output SourceRoleTrust, with the same external id, in the source’s account',
    cause: error,
  })
}

/** A provider that remembers, and asks once for all who ask at the same time. */
function renewed(make: () => Promise<RoleCredentials>): RoleProvider {
  let current: Promise<RoleCredentials> | null = null
  let making: Promise<RoleCredentials> | null = null
  return async () => {
    const held = await current?.catch(() => null)
    if (held?.expiration !== undefined && held.expiration.getTime() - Date.now() > SPARE_MILLISECONDS) return held
    // Somebody else may have begun to renew it meanwhile.
    const renewing = making ?? make()
    making = renewing
    current = renewing
    return renewing.finally(() => {
      making = null
    })
  }
}
