import { SampanError } from '../../lambdas/core/runtime/errors.ts'

/** The keywords of libpq that an end of a migration is described by. Others would be ignored, and are refused instead. */
const KEYWORDS = [
  'host',
  'port',
  'dbname',
  'user',
  'password',
  'service',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
] as const

export type Keyword = (typeof KEYWORDS)[number]

/** What is said of an end, by libpq’s keywords. */
export type Parameters = Readonly<Partial<Record<Keyword, string>>>

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…` or `host=… dbname=…`, as psql takes them
 * (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING).
 * @param named how errors call it, e.g. `--from`
 * @throws SampanError TASK_URL_INVALID, TASK_URL_PARAMETER; never with a piece of the text in it, which may be one of a password
 */
export function readConnectionString(text: string, named: string): Parameters {
  return /^[a-z]+:\/\//i.test(text) ? readUrl(text, named) : readKeywords(text, named)
}

/** One setting, by its name. @throws SampanError TASK_URL_PARAMETER */
export function toKeyword(name: string, named: string): Keyword {
  const found = KEYWORDS.find((keyword) => keyword === name)
  if (found !== undefined) return found
  throw new SampanError({
    code: 'TASK_URL_PARAMETER',
    message: `${named} has a parameter that Sampan does not know`,
    remedy: `take it out; known are ${KEYWORDS.join(', ')}; in a URL, write # / ? @ of a password as %23 %2F %3F %40`,
  })
}

function readUrl(text: string, named: string): Parameters {
  const url = URL.parse(text)
  const path = url?.pathname.slice(1) ?? ''
  // An unescaped # or / of a password cuts the address short.
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || url.hash !== '' || /[/@]/.test(path))
    throw invalid(named)
  const given: [Keyword, string][] = [
    ['user', url.username],
    ['password', url.password],
    ['host', url.hostname.replace(/^\[(.*)\]$/, '$1')],
    ['port', url.port],
    ['dbname', path],
  ]
  const read: Partial<Record<Keyword, string>> = {}
  for (const [keyword, value] of given) if (value !== '') read[keyword] = decode(value, named)
  for (const [name, value] of url.searchParams) read[toKeyword(name, named)] = value
  return read
}

function decode(value: string, named: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw invalid(named)
  }
}

/** `name=value` pairs; a value with blanks stands in single quotes, in which \ escapes. */
function readKeywords(text: string, named: string): Parameters {
  const read: Partial<Record<Keyword, string>> = {}
  const pair = /\s*(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/sy
  while (text.slice(pair.lastIndex).trim() !== '') {
    const found = pair.exec(text)
    if (found === null) throw invalid(named)
    const [, name = '', quoted, bare = ''] = found
    read[toKeyword(name, named)] = (quoted ?? bare).replaceAll(/\\(.)/gs, '$1')
  }
  if (Object.keys(read).length === 0) throw invalid(named)
  return read
}

function invalid(named: string): SampanError {
  return new SampanError({
    code: 'TASK_URL_INVALID',
    message: `${named} is not of the form postgres://user@host:5432/database`,
    remedy: 'write # / ? @ % of a password as %23 %2F %3F %40 %25, or leave it to PGPASSWORD or ~/.pgpass',
  })
}
