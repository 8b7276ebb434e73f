/**
 * The passwords this process has logged in with, and the latest tokens: a server or a pooler may repeat one in its own words
 * (`password authentication failed … with password "…"`), and its words go into errors, logs, reports and histories.
 */
const MOST = 64

/** A word so short is part of others: it is hidden where it stands alone. */
const LONG = 8

const HIDDEN = '***'

const known = new Map<string, RegExp>()

/** From now on this is hidden in every text of a server. */
export function hideSecret(secret: string): void {
  if (secret === '') return
  // The latest stay: a run has few passwords and many tokens.
  known.delete(secret)
  known.set(secret, patternOf(secret))
  const [oldest] = known.keys()
  if (known.size > MOST && oldest !== undefined) known.delete(oldest)
}

/** As a new process knows it: for test files that share their modules. Never in a run. */
export function forgetSecrets(): void {
  known.clear()
}

/** A text of a server without passwords, as they are or quoted for a URL, SQL, JSON, a page; and without control characters. */
export function withoutSecrets(text: string): string {
  let plain = text
  for (const pattern of known.values()) plain = plain.replace(pattern, HIDDEN)
  // A terminal would obey them. Line ends stay: what follows the first one is cut off elsewhere.
  return plain.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => (character === '\n' ? character : ' '))
}

function patternOf(secret: string): RegExp {
  const forms = [...new Set(formsOf(secret))].sort((one, other) => other.length - one.length)
  const any = forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|')
  return secret.length >= LONG
    ? new RegExp(any, 'giu')
    : new RegExp(`(?<![\\p{L}\\p{N}_])(?:${any})(?![\\p{L}\\p{N}_])`, 'giu')
}

function formsOf(secret: string): readonly string[] {
  const url = encodeUrl(secret)
  const bytes = secret.length < LONG ? null : Buffer.from(secret)
  return [
    secret,
    url,
    url.replaceAll('%20', '+'),
    encodeUrl(secret, /[!'()*~._-]/g),
    secret.replaceAll("'", "''"),
    secret.replaceAll('"', '""'),
    secret.replace(/[\\']/g, '\\$&'),
    secret.replace(/[\\'"]/g, '\\$&'),
    JSON.stringify(secret).slice(1, -1),
    secret
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
    ...(bytes === null
      ? []
      : [bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url'), bytes.toString('hex')]),
  ]
}

/** Percent signs for what a URL must not hold, and for what `also` matches. A lone surrogate has no form. */
function encodeUrl(secret: string, also = /[^\s\S]/g): string {
  return encodeURIComponent(secret.toWellFormed()).replace(
    also,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}
