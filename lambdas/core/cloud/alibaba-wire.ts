import type { AlibabaFailure } from './alibaba-errors.ts'

/** What a failure is about, and what must not appear in its message. */
export interface About {
  readonly action: string
  readonly modifies: boolean
  /** Key, secret and token: taken out of every message. */
  readonly secrets: readonly string[]
}

/** Parameters as pop-core must get them: it would send `undefined`, `null` and `[object Object]` as such. */
export function sendable(parameters: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null)
  return Object.fromEntries(kept.map(([key, value]) => [key, Array.isArray(value) ? value.map(text) : text(value)]))
}

const text = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

/** json-bigint's answer as plain objects and arrays: it makes null prototypes, and BigNumber objects above 2^53. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  if (isBigNumber(value)) return value.toFixed()
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}

function isBigNumber(value: object): value is { toFixed(): string } {
  return 'toFixed' in value && typeof value.toFixed === 'function'
}

/** The failure in an answer that pop-core let through, if it is one. */
export function failureOfAnswer(body: unknown, status: number, about: About): AlibabaFailure | undefined {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const requestId = string(fields.RequestId)
  // DTS: HTTP 200 and Success false (a boolean here, text there). ErrCode beside Success "true" means nothing.
  if (fields.Success === false || fields.Success === 'false') {
    const message = string(fields.ErrMessage).replace('%s', () => string(fields.DynamicMessage))
    const code = string(fields.ErrCode) || 'NoCode'
    return failure(about, code, message, Number(fields.HttpStatusCode ?? status) || status, requestId)
  }
  // A proxy's or gateway's 403 without `Code` counts as success in pop-core.
  if (status >= 400 || requestId === '') {
    return failure(about, status >= 500 ? 'ServiceUnavailable' : 'NoCode', `HTTP ${status}`, status, requestId)
  }
  return undefined
}

interface PopCoreError {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly data?: { readonly RequestId?: unknown; readonly Message?: unknown }
  readonly entry?: { readonly response?: { readonly statusCode?: number } }
}

/** The failure in what pop-core threw: an answer with `Code`, a socket error, its own time-out, or a page of HTML. */
export function failureOfThrown(thrown: unknown, about: About): AlibabaFailure {
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as PopCoreError
  if (error.data) {
    const status = error.entry?.response?.statusCode ?? 400
    return failure(about, string(error.code), string(error.data.Message), status, string(error.data.RequestId))
  }
  if (typeof error.code === 'string') return failure(about, error.code, '', 0, '')
  const name = string(error.name)
  // json-bigint throws a bare object or a SyntaxError where a proxy answered with HTML.
  const code = name === 'RequestTimeoutError' ? name : 'NotJson'
  return failure(about, code, code === 'NotJson' ? 'the answer is not JSON' : 'no answer in time', 0, '')
}

function failure(about: About, code: string, message: string, status: number, requestId: string): AlibabaFailure {
  const { action, modifies } = about
  return { action, modifies, code, message: withoutSecrets(code, message, about.secrets), status, requestId }
}

/** Signature errors repeat the whole string to sign, parameters and all: their text is dropped altogether. */
function withoutSecrets(code: string, message: string, secrets: readonly string[]): string {
  if (/signature/i.test(code)) return ''
  const line = (message.split('\n', 1)[0] ?? '').replace(/(?:specified |server )?string to sign.*$/i, '')
  // Before it is cut: the rest of a long token would be no secret that anything here knows.
  return secrets
    .reduce((rest, secret) => (secret.length < 8 ? rest : rest.replaceAll(secret, '***')), line)
    .slice(0, 300)
}

const string = (value: unknown): string => (value === undefined || value === null ? '' : String(value))
