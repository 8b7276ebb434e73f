import { generateKeyPairSync } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { alibaba } from '../../../lambdas/core/cloud/alibaba.ts'
import { apsaraInstance } from '../../../local/fakes/alibaba.ts'
import { type FakeClouds, startFakeClouds } from '../../../local/fakes/clouds.ts'

const ROLE = 'acs:ram::113511544585:role/sampan'
const PROVIDER = 'acs:ram::113511544585:oidc-provider/aws'
const AUDIENCE = 'sts.aliyuncs.com'
const SUBJECT = 'arn:aws:iam::111122223333:role/Sampan-OpenAccess'
const NO_KEY = { ALIBABA_CLOUD_ACCESS_KEY_ID: '', ALIBABA_CLOUD_ACCESS_KEY_SECRET: '' }
let clouds: FakeClouds
let doors = 0

beforeAll(async () => {
  clouds = await startFakeClouds({ apsara: [apsaraInstance({ instance: 'pgm-1' })] })
})
beforeEach(() => {
  const { federation, alibaba } = clouds.state
  Object.assign(federation, { enabled: true, audiences: [AUDIENCE], subject: SUBJECT, sessionSeconds: 43_200 })
  const { issuer, keys } = federation
  alibaba.sts.providers.clear()
  alibaba.sts.providers.set(PROVIDER, { issuer, clientIds: [AUDIENCE], key: () => keys().publicKey })
  alibaba.sts.federated.clear()
  alibaba.sts.seconds = 3600
  alibaba.sts.federated.set(ROLE, { provider: PROVIDER, audiences: [AUDIENCE], subjects: [SUBJECT] })
  clouds.state.calls.length = 0
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
})
afterAll(() => clouds.stop())

/** A door of its own each time, so that none remembers what another was given. */
function callBy(settings: Readonly<Record<string, string>>) {
  doors += 1
  const patience = { attempts: 3, firstPause: 1, longestPause: 5 + doors / 1000 }
  const door = alibaba({ ...clouds.environment, ...NO_KEY, ...settings }, patience)
  return () =>
    door.call({
      ...{ product: 'rds', region: 'ap-southeast-1', action: 'DescribeDBInstanceAttribute' },
      parameters: { DBInstanceId: 'pgm-1' },
    })
}
const byToken = (more: Readonly<Record<string, string>> = {}) =>
  callBy({ SAMPAN_ALIBABA_ROLE: ROLE, SAMPAN_ALIBABA_OIDC_PROVIDER: PROVIDER, ...more })
const made = () => clouds.state.calls.map(({ by, action }) => `${by} ${action}`)
const [asked, exchanged, used] = [
  'own GetWebIdentityToken',
  'nobody AssumeRoleWithOIDC',
  `${ROLE} DescribeDBInstanceAttribute`,
]

describe('a role by a token of AWS', () => {
  test('is assumed without any key, once for all who ask, and made anew before it ends', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    // Of a minute: AWS clients take a clock that moved by more than five for a skew.
    clouds.state.alibaba.sts.seconds = 60
    const call = byToken()
    await Promise.all([call(), call()])
    await call()
    expect(made()).toEqual([asked, exchanged, used, used, used])
    vi.setSystemTime(Date.now() + 31_000)
    await call()
    expect(made().slice(5)).toEqual([asked, exchanged, used])
  })

  test('asks for a token of five minutes, for one audience, by RS256', async () => {
    await byToken()()
    const sent = clouds.state.calls.find(({ action }) => action === 'GetWebIdentityToken')?.parameters
    expect(sent).toMatchObject({
      ...{ 'Audience.member.1': AUDIENCE, SigningAlgorithm: 'RS256', DurationSeconds: '300' },
    })
    expect(Object.keys(sent ?? {}).filter((name) => name.startsWith('Audience'))).toHaveLength(1)
  })

  test('is made anew where its own token is refused', async () => {
    const call = byToken()
    await call()
    for (const session of clouds.state.alibaba.sts.sessions.values()) session.revoked = true
    await call()
    expect(made()).toEqual([asked, exchanged, used, used, asked, exchanged, used])
  })

  test('is named by a secret too, with an audience of its own', async () => {
    const { sts } = clouds.state.alibaba
    const { issuer, keys } = clouds.state.federation
    clouds.state.federation.audiences = ['sampan']
    sts.providers.set(PROVIDER, { issuer, clientIds: ['sampan'], key: () => keys().publicKey })
    sts.federated.set(ROLE, { provider: PROVIDER, audiences: ['sampan'], subjects: [SUBJECT] })
    vi.stubEnv('ROLE_BY_TOKEN', JSON.stringify({ roleArn: ROLE, oidcProviderArn: PROVIDER, oidcAudience: 'sampan' }))
    await callBy({ SAMPAN_ALIBABA_SECRET: 'env:ROLE_BY_TOKEN' })()
    expect(made()).toEqual([asked, exchanged, used])
  })

  const { publicKey: another } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = (more: object) => {
    const { issuer, keys } = clouds.state.federation
    const usual = { issuer, clientIds: [AUDIENCE], key: () => keys().publicKey }
    clouds.state.alibaba.sts.providers.set(PROVIDER, { ...usual, ...more })
  }
  const trust = (more: object) => {
    const usual = { provider: PROVIDER, audiences: [AUDIENCE], subjects: [SUBJECT] }
    clouds.state.alibaba.sts.federated.set(ROLE, { ...usual, ...more })
  }
  const fault = (code: string) =>
    clouds.state.faults.next('AssumeRoleWithOIDC', { kind: 'error', status: 401, code, message: 'refused' })

  test.each<[string, () => void, string, RegExp]>([
    [
      'federation that is switched off',
      () => Object.assign(clouds.state.federation, { enabled: false }),
      'AWS_OUTBOUND_FEDERATION_OFF',
      /aws iam enable-outbound-web-identity-federation/,
    ],
    [
      'a right that is not given',
      () => Object.assign(clouds.state.federation, { audiences: null }),
      'AWS_IDENTITY_TOKEN_DENIED',
      /alibabaRole/,
    ],
    [
      'another audience than the right is for',
      () => Object.assign(clouds.state.federation, { audiences: ['other'] }),
      'AWS_IDENTITY_TOKEN_DENIED',
      /audience/,
    ],
    [
      'a session that ends before the token would',
      () => Object.assign(clouds.state.federation, { sessionSeconds: 200 }),
      'AWS_SESSION_ENDING',
      /log in to AWS again/,
    ],
    [
      'a provider that is not there',
      () => clouds.state.alibaba.sts.providers.clear(),
      'ALIBABA_OIDC_PROVIDER_MISSING',
      /get-outbound-web-identity-federation-info/,
    ],
    [
      'a provider without the audience',
      () => provider({ clientIds: ['x'] }),
      'ALIBABA_OIDC_AUDIENCE_REFUSED',
      /client IDs/,
    ],
    [
      'a provider of another account’s issuer',
      () => provider({ issuer: 'https://other.tokens.sts.global.api.aws' }),
      'ALIBABA_OIDC_TOKEN_REFUSED',
      /issuer/,
    ],
    ['another’s signature', () => provider({ key: () => another }), 'ALIBABA_OIDC_TOKEN_REFUSED', /issuer/],
    [
      'a token that came too late',
      () => fault('AuthenticationFail.OIDCToken.Expired'),
      'ALIBABA_OIDC_TOKEN_EXPIRED',
      /another token/,
    ],
    [
      'a fingerprint of before',
      () => fault('AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch'),
      'ALIBABA_OIDC_FINGERPRINT_REFUSED',
      /fingerprint/,
    ],
    [
      'a trust policy for another function',
      () => trust({ subjects: ['x'] }),
      'ALIBABA_ROLE_TRUSTS_OTHERS',
      /AlibabaRoleTrust/,
    ],
    [
      'a role that is not there',
      () => clouds.state.alibaba.sts.federated.clear(),
      'ALIBABA_ROLE_MISSING',
      /make the RAM role/,
    ],
  ])('tells of %s with a code and what helps, and never the token', async (_, arrange, code, remedy) => {
    arrange()
    const refused = await byToken()().catch((error) => error)
    expect(refused).toMatchObject({ code, remedy: expect.stringMatching(remedy) })
    expect(`${refused.message} ${refused.remedy}`).not.toMatch(/eyJ/)
    expect(made()).not.toContain(used)
  })

  test('keeps the token out of a message that repeats it, longer than a message may be', async () => {
    const { faults, calls } = clouds.state
    const token = () => calls.at(-1)?.parameters.OIDCToken ?? ''
    faults.next('AssumeRoleWithOIDC', {
      kind: 'error',
      status: 401,
      code: 'AuthenticationFail.OIDCToken.Invalid',
      get message() {
        return `cannot read ${token()} as a token`
      },
    })
    const refused = await byToken()().catch((error) => error)
    expect(token().length).toBeGreaterThan(300)
    expect(refused).toMatchObject({
      ...{ code: 'ALIBABA_OIDC_TOKEN_REFUSED', message: expect.stringContaining('cannot read *** as a token') },
    })
  })
})
