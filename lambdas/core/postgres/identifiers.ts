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
