/**
 * Quotes one identifier. Always quoted: a name that needs no quotes today may be a keyword of the next major.
 * @throws RangeError for the NUL character, which no PostgreSQL name can hold
 */
export function quoteIdentifier(name: string): string {
  if (name.includes('\0')) throw new RangeError('an identifier cannot contain NUL')
  return `"${name.replaceAll('"', '""')}"`
}

/** The name that a server has written, with quotes where SQL asks for them. */
export function unquoteIdentifier(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written
}

/**
 * Names as two servers have written them, made alike: each quotes its own key words (quote_identifier in ruleutils.c), so a table called
 * json_table has its quotes from 17 on. To compare by, and to show; SQL may ask for the quotes.
 * @param written what format_type, oidvectortypes, pg_identify_object and the like have answered
 */
export function withoutKeywordQuotes(written: string): string {
  return written.replaceAll(NEEDLESS, '$1$2')
}

/** The same of an SQL expression, as an SQL expression. */
export function withoutKeywordQuotesSql(expression: string): string {
  return `pg_catalog.regexp_replace(${expression}, E'${NEEDLESS.source}', E'\\\\1\\\\2', 'g')`
}

/** Written so that JavaScript and PostgreSQL mean the same: a quote inside of a name is doubled, and neither half begins or ends one. */
const NEEDLESS = /(^|[^"])"([a-z_][a-z0-9_$]*)"(?!")/g

/** `"schema"."name"`. */
export function quoteQualified(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

/**
 * Quotes a string literal so that it means the same with standard_conforming_strings on and off.
 * @throws RangeError for the NUL character, which no PostgreSQL text can hold
 */
export function quoteLiteral(value: string): string {
  if (value.includes('\0')) throw new RangeError('a literal cannot contain NUL')
  const quoted = value.replaceAll("'", "''")
  return quoted.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}
