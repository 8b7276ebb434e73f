import { SampanError } from '../runtime/errors.ts'
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

/** A secret may be rotated while a run goes on: it is read again after this many milliseconds. */
const REMEMBER = 300_000

/**
 * Who calls Alibaba: the three variables of its own tools, or a secret named by `SAMPAN_ALIBABA_SECRET` with the same
 * three values (`accessKeyId`, `accessKeySecret`, `securityToken`, in any of their usual spellings).
 *
 * Never answers with nothing: `pop-core` would send the call unsigned.
 * @throws SampanError `ALIBABA_CREDENTIALS_MISSING`
 */
export function alibabaCredentials(environment: CloudEnvironment): () => Promise<AlibabaCredentials> {
  let known: { readonly value: AlibabaCredentials; readonly until: number } | undefined
  return async () => {
    if (known && Date.now() < known.until) return known.value
    const value = fromVariables(environment) ?? (await fromSecret(environment))
    known = { value, until: Date.now() + REMEMBER }
    return value
  }
}

function fromVariables(environment: CloudEnvironment): AlibabaCredentials | undefined {
  const [id, secret, token] = CREDENTIAL_VARIABLES.map((name) => variable(environment, name))
  return credentialsOf(id, secret, token)
}

async function fromSecret(environment: CloudEnvironment): Promise<AlibabaCredentials> {
  const reference = environment.SAMPAN_ALIBABA_SECRET
  if (!reference) throw missing('no Alibaba Cloud credentials are given')
  const fields = fieldsOf(await readSecretText(reference, environment))
  const value = credentialsOf(fields.get('accesskeyid'), fields.get('accesskeysecret'), fields.get('securitytoken'))
  if (!value) throw missing('the secret of SAMPAN_ALIBABA_SECRET has no accessKeyId and accessKeySecret')
  return value
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
      'set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a secret in SAMPAN_ALIBABA_SECRET',
  })
}
