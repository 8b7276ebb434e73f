import { type KeyObject, randomBytes } from 'node:crypto'
import { type AlibabaAnswer, refusal } from './alibaba.ts'
import { readToken } from './identity-token.ts'

/** Alibaba's STS: who may assume which role, and what it has given out. */
export interface FakeSts {
  /** Ids of the keys that may assume it, by the role's ARN. */
  readonly roles: Map<string, readonly string[]>
  /** OIDC providers in RAM, by their ARN. */
  readonly providers: Map<string, FakeOidcProvider>
  /** Whom the trust policies of roles let in by OIDC, by the role's ARN. */
  readonly federated: Map<string, FakeOidcTrust>
  /** How long the credentials of a role hold. */
  seconds: number
  /** By the id of their key. */
  readonly sessions: Map<string, FakeSession>
}

export interface FakeOidcProvider {
  readonly issuer: string
  readonly clientIds: readonly string[]
  /** What is found below the issuer's address. */
  readonly key: () => KeyObject
}

/** `oidc:aud` and `oidc:sub` of a trust policy; its `oidc:iss` is the provider's. */
export interface FakeOidcTrust {
  readonly provider: string
  readonly audiences: readonly string[]
  readonly subjects: readonly string[]
}

export interface FakeSession {
  readonly role: string
  readonly secret: string
  readonly token: string
  /** Milliseconds since 1970. */
  readonly expires: number
  /** Its tokens are refused from now on. */
  revoked: boolean
}

export const makeSts = (): FakeSts => ({
  roles: new Map(),
  providers: new Map(),
  federated: new Map(),
  seconds: 3600,
  sessions: new Map(),
})

/** https://www.alibabacloud.com/help/en/ram/api-assumerole */
export function answerSts(sts: FakeSts, parameters: URLSearchParams): AlibabaAnswer {
  const text = (name: string) => parameters.get(name) ?? ''
  const role = text('RoleArn')
  const byToken = text('Action') === 'AssumeRoleWithOIDC'
  if (text('Action') !== 'AssumeRole' && !byToken) return refusal(404, 'InvalidAction.NotFound')
  if (!/^acs:ram::\d+:role\/[\w.@-]+$/.test(role)) return refusal(400, 'InvalidParameter.RoleArn')
  if (!/^[\w.@-]{2,64}$/.test(text('RoleSessionName'))) return refusal(400, 'InvalidParameter.RoleSessionName')
  const duration = Number(text('DurationSeconds') || 3600)
  if (duration < 900 || duration > 3600) return refusal(400, 'InvalidParameter.DurationSeconds')
  const refused = byToken ? refuseToken(sts, text) : refuseKey(sts, text)
  if (refused) return refused
  const AccessKeyId = `STS.${randomBytes(12).toString('hex')}`
  const session = {
    ...{ role, secret: randomBytes(16).toString('hex'), token: randomBytes(48).toString('base64') },
    ...{ expires: Date.now() + Math.min(sts.seconds, duration) * 1000, revoked: false },
  }
  sts.sessions.set(AccessKeyId, session)
  return {
    status: 200,
    body: {
      RequestId: 'FAKE-STS',
      AssumedRoleUser: { Arn: `${role}/${text('RoleSessionName')}`, AssumedRoleId: '300000000000000000:sampan' },
      Credentials: {
        ...{ AccessKeyId, AccessKeySecret: session.secret, SecurityToken: session.token },
        Expiration: new Date(session.expires).toISOString().replace(/\.\d+Z$/, 'Z'),
      },
    },
  }
}

function refuseKey(sts: FakeSts, text: (name: string) => string): AlibabaAnswer | undefined {
  const trusted = sts.roles.get(text('RoleArn'))
  if (trusted === undefined) return refusal(404, 'EntityNotExist.Role', 'The specified Role not exists.')
  if (trusted.includes(text('AccessKeyId'))) return undefined
  return refusal(403, 'NoPermission', 'You are not authorized to do this action. You should be authorized by RAM.')
}

/**
 * https://www.alibabacloud.com/help/en/ram/api-assumerolewithoidc, and what it refuses with:
 * https://help.aliyun.com/zh/ram/developer-reference/api-sts-2015-04-01-errorcodes
 */
function refuseToken(sts: FakeSts, text: (name: string) => string): AlibabaAnswer | undefined {
  const fail = (what: string, message: string) => refusal(401, `AuthenticationFail.${what}`, message)
  // Of 4 to 20,000 characters, the reference says.
  if (text('OIDCToken').length < 4 || text('OIDCToken').length > 20_000)
    return refusal(400, 'InvalidParameter.OIDCToken')
  const provider = sts.providers.get(text('OIDCProviderArn'))
  if (!provider) return fail('NoPermission', 'No such OIDC Provider registered.')
  const read = readToken(text('OIDCToken'), provider.key())
  if (!read) return fail('OIDCToken.Invalid', 'The Jwt content is invalid that cannot be recognized.')
  const { claims, signed } = read
  if (!signed) return fail('OIDCToken.InvalidSignature', 'OIDC token validate failed: invalid signature.')
  if (claims.iss !== provider.issuer) return fail('OIDCToken.Invalid', 'The issuer is not that of the provider.')
  if (claims.exp * 1000 <= Date.now()) return fail('OIDCToken.Expired', 'This JsonWebToken is expired.')
  const audiences = [claims.aud].flat()
  if (!audiences.some((audience) => provider.clientIds.includes(audience)))
    return fail('OIDCToken.AudienceNotMatch', 'Invalid audience.')
  const trust = sts.federated.get(text('RoleArn'))
  if (trust === undefined && !sts.roles.has(text('RoleArn')))
    return refusal(404, 'EntityNotExist.Role', 'The specified Role not exists.')
  const trusted =
    trust?.provider === text('OIDCProviderArn') &&
    audiences.some((audience) => trust.audiences.includes(audience)) &&
    trust.subjects.includes(claims.sub)
  return trusted ? undefined : fail('NoPermission', 'There is no permission')
}

/** Whether the call carries the session's token, and the token holds. */
export function checkToken(session: FakeSession, parameters: URLSearchParams): AlibabaAnswer | undefined {
  const token = parameters.get('SecurityToken') ?? ''
  if (token === '') return refusal(400, 'MissingSecurityToken', 'SecurityToken is mandatory for this action.')
  if (token !== session.token) return refusal(400, 'InvalidSecurityToken.MismatchWithAccessKey')
  if (session.revoked) return refusal(403, 'InvalidSecurityToken.Malformed', 'Specified SecurityToken is malformed.')
  if (session.expires > Date.now()) return undefined
  return refusal(400, 'InvalidSecurityToken.Expired', 'Specified SecurityToken is expired.')
}
