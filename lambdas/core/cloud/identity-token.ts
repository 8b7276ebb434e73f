import { SampanError } from '../runtime/errors.ts'
import { AwsError, awsCall } from './aws-errors.ts'
import { type CloudEnvironment, defaultRegion } from './environment.ts'
import { sts } from './sts-client.ts'

/** Of the two that AWS signs by, the one that every verifier of OIDC knows. */
export const SIGNING_ALGORITHM = 'RS256'

/** It is handed over at once; the rest is for clocks that differ. */
export const TOKEN_SECONDS = 300

/**
 * A token signed by AWS that says which role this runs by: its `sub` is the role's ARN, its `iss` the account's own issuer.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
 * @throws SampanError `AWS_OUTBOUND_FEDERATION_OFF`, `AWS_IDENTITY_TOKEN_DENIED`, `AWS_SESSION_ENDING`; else AwsError
 */
export async function identityToken(environment: CloudEnvironment, audience: string): Promise<string> {
  const { sdk, client } = await sts(environment, defaultRegion(environment))
  const command = new sdk.GetWebIdentityTokenCommand({
    Audience: [audience],
    SigningAlgorithm: SIGNING_ALGORITHM,
    DurationSeconds: TOKEN_SECONDS,
  })
  try {
    const answer = await awsCall('get a token for Alibaba Cloud (sts:GetWebIdentityToken)', () => client.send(command))
    if (answer.WebIdentityToken) return answer.WebIdentityToken
  } catch (thrown) {
    throw refusal(thrown)
  }
  throw new SampanError({
    code: 'AWS_IDENTITY_TOKEN_UNREADABLE',
    message: 'the answer of GetWebIdentityToken has no token',
    remedy: 'nothing at first: it is asked again; if it comes back, look at what is between here and AWS STS',
    retryable: true,
    kind: 'connection',
  })
}

function refusal(thrown: unknown): unknown {
  if (!(thrown instanceof AwsError)) return thrown
  const { awsCode, message } = thrown
  if (awsCode.startsWith('OutboundWebIdentityFederationDisabled')) {
    return new SampanError({
      code: 'AWS_OUTBOUND_FEDERATION_OFF',
      message,
      remedy: 'switch it on in this account once: aws iam enable-outbound-web-identity-federation',
      cause: thrown,
    })
  }
  if (awsCode.startsWith('SessionDurationEscalation')) {
    return new SampanError({
      code: 'AWS_SESSION_ENDING',
      message,
      remedy:
        'log in to AWS again: a token cannot outlast the session that asks for it, which ends within five minutes',
      retryable: true,
      cause: thrown,
    })
  }
  if (thrown.code !== 'AWS_PERMISSION_MISSING') return thrown
  return new SampanError({
    code: 'AWS_IDENTITY_TOKEN_DENIED',
    message,
    remedy:
      'deploy with the option `alibabaRole`, which gives this right for its audience alone; on one machine allow sts:GetWebIdentityToken to whom this runs as',
    cause: thrown,
  })
}
