import { randomBytes } from 'node:crypto'
import { type AlibabaAnswer, refusal } from './alibaba.ts'

/** Alibaba's STS: who may assume which role, and what it has given out. */
export interface FakeSts {
  /** Ids of the keys that may assume it, by the role's ARN. */
  readonly roles: Map<string, readonly string[]>
  /** How long the credentials of a role hold. */
  seconds: number
  /** By the id of their key. */
  readonly sessions: Map<string, FakeSession>
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

export const makeSts = (): FakeSts => ({ roles: new Map(), seconds: 3600, sessions: new Map() })

/** https://www.alibabacloud.com/help/en/ram/api-assumerole */
export function answerSts(sts: FakeSts, parameters: URLSearchParams): AlibabaAnswer {
  const text = (name: string) => parameters.get(name) ?? ''
  const role = text('RoleArn')
  if (text('Action') !== 'AssumeRole') return refusal(404, 'InvalidAction.NotFound')
  if (!/^acs:ram::\d+:role\/[\w.@-]+$/.test(role)) return refusal(400, 'InvalidParameter.RoleArn')
  if (!/^[\w.@-]{2,64}$/.test(text('RoleSessionName'))) return refusal(400, 'InvalidParameter.RoleSessionName')
  const duration = Number(text('DurationSeconds') || 3600)
  if (duration < 900 || duration > 3600) return refusal(400, 'InvalidParameter.DurationSeconds')
  const trusted = sts.roles.get(role)
  if (trusted === undefined) return refusal(404, 'EntityNotExist.Role', 'The specified Role not exists.')
  if (!trusted.includes(text('AccessKeyId')))
    return refusal(403, 'NoPermission', 'You are not authorized to do this action. You should be authorized by RAM.')
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

/** Whether the call carries the session's token, and the token holds. */
export function checkToken(session: FakeSession, parameters: URLSearchParams): AlibabaAnswer | undefined {
  const token = parameters.get('SecurityToken') ?? ''
  if (token === '') return refusal(400, 'MissingSecurityToken', 'SecurityToken is mandatory for this action.')
  if (token !== session.token) return refusal(400, 'InvalidSecurityToken.MismatchWithAccessKey')
  if (session.revoked) return refusal(403, 'InvalidSecurityToken.Malformed', 'Specified SecurityToken is malformed.')
  if (session.expires > Date.now()) return undefined
  return refusal(400, 'InvalidSecurityToken.Expired', 'Specified SecurityToken is expired.')
}
