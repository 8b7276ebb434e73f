import { z } from 'zod'
import { SampanError } from '../runtime/errors.ts'
import type { AlibabaCredentials } from './alibaba-credentials.ts'

/** Credentials that end. */
export interface AlibabaSession {
  readonly credentials: AlibabaCredentials
  /** Milliseconds since 1970. */
  readonly expires: number
}

/** A role that is given for a token of an OIDC provider. */
export interface TokenRole {
  readonly roleArn: string
  readonly providerArn: string
  /** What the token must be made for: a client id of the provider. */
  readonly audience: string
}

/** One call of Alibaba's STS, signed with the key that may assume the role; by a token it is not signed. */
export type CallSts = (
  action: string,
  parameters: Readonly<Record<string, unknown>>,
) => Promise<Readonly<Record<string, unknown>>>

/** What a role gives by default, and what the `MaxSessionDuration` of every role allows. */
const SESSION_SECONDS = 3600

const answerSchema = z.object({
  Credentials: z.object({
    AccessKeyId: z.string().min(1),
    AccessKeySecret: z.string().min(1),
    SecurityToken: z.string().min(1),
    Expiration: z.iso.datetime(),
  }),
})

/** ActionTrail shows it. */
const SESSION_NAME = 'sampan'

/**
 * Assumes a RAM role by a key. https://www.alibabacloud.com/help/en/ram/api-assumerole
 * @throws AlibabaError where STS refuses; SampanError `ALIBABA_ROLE_UNREADABLE` where it answers with no credentials
 */
export async function assumeRamRole(call: CallSts, RoleArn: string): Promise<AlibabaSession> {
  const asked = { RoleArn, RoleSessionName: SESSION_NAME, DurationSeconds: SESSION_SECONDS }
  return sessionOf(await call('AssumeRole', asked))
}

/**
 * Assumes a RAM role by a token that its OIDC provider vouches for. https://www.alibabacloud.com/help/en/ram/api-assumerolewithoidc
 * @throws AlibabaError where STS refuses; SampanError `ALIBABA_ROLE_UNREADABLE` where it answers with no credentials
 */
export async function assumeRoleByToken(call: CallSts, role: TokenRole, token: string): Promise<AlibabaSession> {
  return sessionOf(
    await call('AssumeRoleWithOIDC', {
      RoleArn: role.roleArn,
      OIDCProviderArn: role.providerArn,
      OIDCToken: token,
      RoleSessionName: SESSION_NAME,
      DurationSeconds: SESSION_SECONDS,
    }),
  )
}

function sessionOf(answer: Readonly<Record<string, unknown>>): AlibabaSession {
  const { success, data } = answerSchema.safeParse(answer)
  if (!success) {
    throw new SampanError({
      code: 'ALIBABA_ROLE_UNREADABLE',
      message: 'the answer of Alibaba’s STS has no credentials with a token and an expiry',
      remedy:
        'nothing at first: it is asked again; if it comes back, look at what is between here and sts.aliyuncs.com',
      retryable: true,
      kind: 'connection',
    })
  }
  const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration } = data.Credentials
  return {
    credentials: { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret, securityToken: SecurityToken },
    expires: Date.parse(Expiration),
  }
}
