import { createSign, createVerify, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'

/** The outbound identity federation of an AWS account. */
export interface FakeFederation {
  enabled: boolean
  /** What the policy of whoever calls allows: audiences by `sts:IdentityTokenAudience`; `null`: the action is not allowed at all. */
  audiences: readonly string[] | null
  /** Of the account; its keys are what verifiers find below it. */
  readonly issuer: string
  /** Who calls: the `sub` of the tokens. */
  subject: string
  /** Seconds that the session of whoever calls still lasts. */
  sessionSeconds: number
  /** Made on first use. */
  readonly keys: () => { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
}

export function makeFederation(): FakeFederation {
  let made: { readonly privateKey: KeyObject; readonly publicKey: KeyObject } | undefined
  return {
    enabled: true,
    audiences: ['sts.aliyuncs.com'],
    issuer: `https://${randomUUID()}.tokens.sts.global.api.aws`,
    subject: 'arn:aws:iam::111122223333:role/Sampan-OpenAccess',
    sessionSeconds: 43_200,
    keys: () => {
      made ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
      return made
    },
  }
}

/** The token and its end, or the code of a refusal. */
export type TokenAnswer =
  | { readonly token: string; readonly expires: Date }
  | { readonly code: string; readonly status: number; readonly message: string }

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html */
export function giveToken(federation: FakeFederation, form: URLSearchParams): TokenAnswer {
  const audiences = [...form].filter(([name]) => /^Audience\.member\.\d+$/.test(name)).map(([, value]) => value)
  const seconds = Number(form.get('DurationSeconds') ?? 300)
  const invalid = (message: string) => ({ code: 'ValidationError', status: 400, message })
  if (audiences.length < 1 || audiences.length > 10) return invalid('Audience must have 1 to 10 members')
  if (!['RS256', 'ES384'].includes(form.get('SigningAlgorithm') ?? '')) return invalid('SigningAlgorithm')
  if (!(seconds >= 60 && seconds <= 3600)) return invalid('DurationSeconds must be 60 to 3600')
  const allowed = federation.audiences
  if (allowed === null || !audiences.every((audience) => allowed.includes(audience))) {
    const message = `User: ${federation.subject} is not authorized to perform: sts:GetWebIdentityToken`
    return { code: 'AccessDenied', status: 403, message }
  }
  if (!federation.enabled) {
    const message = 'The outbound web identity federation feature is not enabled for this account.'
    return { code: 'OutboundWebIdentityFederationDisabledException', status: 403, message }
  }
  if (seconds > federation.sessionSeconds) {
    const message = 'The requested token duration would extend the session beyond its original expiration time.'
    return { code: 'SessionDurationEscalationException', status: 403, message }
  }
  const issued = Math.floor(Date.now() / 1000)
  const claims = {
    iss: federation.issuer,
    sub: federation.subject,
    aud: audiences.length === 1 ? audiences[0] : audiences,
    ...{ iat: issued, exp: issued + seconds, jti: randomUUID() },
    'https://sts.amazonaws.com/': { aws_account: '111122223333', source_region: 'us-east-1' },
  }
  const head = { alg: 'RS256', typ: 'JWT', kid: 'RSA_0' }
  const signed = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signature = createSign('RSA-SHA256').update(signed).sign(federation.keys().privateKey, 'base64url')
  return { token: `${signed}.${signature}`, expires: new Date((issued + seconds) * 1000) }
}

/** What a verifier needs of a token. */
export interface Claims {
  readonly iss: string
  readonly sub: string
  readonly aud: string | readonly string[]
  readonly iat: number
  readonly exp: number
}

/** The claims, or `null` where it is no token; whether the key has signed it. */
export function readToken(token: string, key: KeyObject): { readonly claims: Claims; readonly signed: boolean } | null {
  const [head = '', body = '', signature = '', ...more] = token.split('.')
  if (signature === '' || more.length > 0) return null
  try {
    const { alg } = JSON.parse(Buffer.from(head, 'base64url').toString('utf8')) as { readonly alg: string }
    if (alg !== 'RS256') return null
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Claims
    const verify = createVerify('RSA-SHA256').update(`${head}.${body}`)
    return { claims, signed: verify.verify(key, signature, 'base64url') }
  } catch {
    return null
  }
}
