import { SampanError } from '../runtime/errors.ts'
import type { AlibabaSession, TokenRole } from './alibaba-role.ts'
import { type CloudEnvironment, variable } from './environment.ts'
import { readSecretText } from './secrets.ts'

export interface AlibabaCredentials {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  readonly securityToken?: string
}

/** The variables of Alibaba Cloud's own tools. */
export const CREDENTIAL_VARIABLES = [
  'ALIBABA_CLOUD_ACCESS_KEY_ID',
  'ALIBABA_CLOUD_ACCESS_KEY_SECRET',
  'ALIBABA_CLOUD_SECURITY_TOKEN',
] as const

/** Gives credentials; those of a role are made anew before they end. */
export interface AlibabaProvider {
  (): Promise<AlibabaCredentials>
  /**
   * What was given is refused.
   * @returns whether asking again gives others: a key stays what it is
   */
  refused(): boolean
}

/** How a role is assumed. */
export interface AssumeRole {
  byKey(key: AlibabaCredentials, roleArn: string): Promise<AlibabaSession>
  byToken(role: TokenRole): Promise<AlibabaSession>
}

/** Of tokens, where nothing else is said: Alibaba's own usage. */
const AUDIENCE = 'sts.aliyuncs.com'

/** Besides {@link CREDENTIAL_VARIABLES}, what decides who calls. */
export const ROLE_VARIABLES = [
  'SAMPAN_ALIBABA_ROLE',
  'SAMPAN_ALIBABA_OIDC_PROVIDER',
  'SAMPAN_ALIBABA_AUDIENCE',
] as const

/** The credentials of a role are made anew so long before they end. */
const SPARE = 300_000

/** A secret may be rotated while a run goes on: it is read again after this many milliseconds. */
const REMEMBER = 300_000

/**
 * Who calls Alibaba: the three variables of its own tools, or a secret named by `SAMPAN_ALIBABA_SECRET` with the same
 * three values (`accessKeyId`, `accessKeySecret`, `securityToken`, in any of their usual spellings). Where the secret has a `roleArn`
 * too, its key does nothing but assume that role. Without any key: `SAMPAN_ALIBABA_ROLE` and `SAMPAN_ALIBABA_OIDC_PROVIDER`, or a secret
 * with `roleArn` and `oidcProviderArn`, name a role that is assumed by a token of AWS.
 *
 * Never answers with nothing: `pop-core` would send the call unsigned.
 * @throws SampanError `ALIBABA_CREDENTIALS_MISSING`, and what assuming the role throws
 */
export function alibabaCredentials(environment: CloudEnvironment, assume: AssumeRole): AlibabaProvider {
  let known: Known | undefined
  let making: Promise<Known> | undefined
  const provide = async () => {
    if (known && Date.now() < known.until) return known.value
    // Those who ask at once are given the same session.
    making ??= make(environment, assume).finally(() => {
      making = undefined
    })
    known = await making
    return known.value
  }
  const refused = () => {
    const again = known?.assumed === true
    known = undefined
    return again
  }
  return Object.assign(provide, { refused })
}

interface Known {
  readonly value: AlibabaCredentials
  /** Milliseconds since 1970. */
  readonly until: number
  /** By a role. */
  readonly assumed: boolean
}

async function make(environment: CloudEnvironment, assume: AssumeRole): Promise<Known> {
  const given = fromVariables(environment) ?? fromRole(environment) ?? (await fromSecret(environment))
  if (!('roleArn' in given)) return { value: given.key, until: Date.now() + REMEMBER, assumed: false }
  const { credentials, expires } =
    'key' in given ? await assume.byKey(given.key, given.roleArn) : await assume.byToken(given)
  // One that is given for less is used for half of its time: a call asks more than once.
  const spare = Math.min(SPARE, (expires - Date.now()) / 2)
  return { value: credentials, until: expires - spare, assumed: true }
}

/** A key, a key that assumes a role, or a role by a token. */
type Given = OwnKey | (OwnKey & { readonly roleArn: string }) | TokenRole

interface OwnKey {
  readonly key: AlibabaCredentials
}

function fromVariables(environment: CloudEnvironment): Given | undefined {
  const [id, secret, token] = CREDENTIAL_VARIABLES.map((name) => variable(environment, name))
  const key = credentialsOf(id, secret, token)
  return key === undefined ? undefined : { key }
}

function fromRole(environment: CloudEnvironment): TokenRole | undefined {
  const [roleArn, providerArn, audience] = ROLE_VARIABLES.map((name) => variable(environment, name))
  return tokenRole(roleArn, providerArn, audience)
}

async function fromSecret(environment: CloudEnvironment): Promise<Given> {
  const reference = environment.SAMPAN_ALIBABA_SECRET
  if (!reference) throw missing('no Alibaba Cloud credentials are given')
  const fields = fieldsOf(await readSecretText(reference, environment))
  const roleArn = fields.get('rolearn')
  const key = credentialsOf(fields.get('accesskeyid'), fields.get('accesskeysecret'), fields.get('securitytoken'))
  if (key) return roleArn ? { key, roleArn } : { key }
  const role = tokenRole(roleArn, fields.get('oidcproviderarn'), fields.get('oidcaudience'))
  if (role) return role
  throw missing(
    'the secret of SAMPAN_ALIBABA_SECRET has neither accessKeyId and accessKeySecret nor roleArn and oidcProviderArn',
  )
}

function tokenRole(roleArn?: string, providerArn?: string, audience?: string): TokenRole | undefined {
  return roleArn && providerArn ? { roleArn, providerArn, audience: audience || AUDIENCE } : undefined
}

/** `AccessKeyId`, `access_key_id` and `ALIBABA_CLOUD_ACCESS_KEY_ID` are the same field. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw missing('the secret of SAMPAN_ALIBABA_SECRET is not JSON')
  }
  const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : []
  const plain = (key: string) =>
    key
      .toLowerCase()
      .replace(/^alibaba_cloud_/, '')
      .replaceAll('_', '')
  return new Map(entries.flatMap(([key, value]) => (typeof value === 'string' ? [[plain(key), value]] : [])))
}

function credentialsOf(id?: string, secret?: string, token?: string): AlibabaCredentials | undefined {
  if (!id || !secret) return undefined
  return { accessKeyId: id, accessKeySecret: secret, ...(token ? { securityToken: token } : {}) }
}

function missing(message: string): SampanError {
  return new SampanError({
    code: 'ALIBABA_CREDENTIALS_MISSING',
    message,
    remedy:
      'set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a secret in SAMPAN_ALIBABA_SECRET; in a stack give the option `alibabaSecret` or `alibabaRole`',
  })
}
