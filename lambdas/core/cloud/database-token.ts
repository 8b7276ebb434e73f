import { SampanError } from '../runtime/errors.ts'
import { common } from './aws-client.ts'
import type { CloudEnvironment } from './environment.ts'
import { sourceCredentials } from './source-role.ts'

export interface TokenRequest {
  /** The endpoint as RDS names it: the token is signed for this host name and port. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly region: string
}

/**
 * A password for one login to RDS by IAM. It is computed here, without a call; RDS takes it for 15 minutes, so each
 * connection gets one of its own.
 * @throws SampanError `IAM_TOKEN_UNSIGNED` where the process has no AWS credentials
 */
export async function databaseToken(request: TokenRequest, environment: CloudEnvironment): Promise<string> {
  const own = common(environment)
  const credentials = sourceCredentials(environment, own, request.region) ?? own.credentials
  const { Signer } = await import('@aws-sdk/rds-signer')
  const signer = new Signer({
    hostname: request.host,
    port: request.port,
    username: request.user,
    region: request.region,
    ...(credentials === undefined ? {} : { credentials }),
  })
  try {
    return await signer.getAuthToken()
  } catch (cause) {
    if (cause instanceof SampanError) throw cause
    throw new SampanError({
      code: 'IAM_TOKEN_UNSIGNED',
      message: 'no AWS credentials were found to sign in to the source by IAM',
      remedy: 'give the process AWS credentials (a profile, or AWS_ACCESS_KEY_ID), or source.secret instead of IAM',
      // The credentials of a role come over the network: a refusal may pass.
      retryable: true,
      cause,
    })
  }
}
