import { SampanError } from '../runtime/errors.ts'
import type { CloudEnvironment } from './environment.ts'

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
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment
  const given = AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY
  const { Signer } = await import('@aws-sdk/rds-signer')
  const signer = new Signer({
    hostname: request.host,
    port: request.port,
    username: request.user,
    region: request.region,
    ...(given
      ? {
          credentials: {
            accessKeyId: AWS_ACCESS_KEY_ID,
            secretAccessKey: AWS_SECRET_ACCESS_KEY,
            ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
          },
        }
      : {}),
  })
  try {
    return await signer.getAuthToken()
  } catch (cause) {
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
