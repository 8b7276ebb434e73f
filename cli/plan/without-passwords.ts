/** A text of SQL, with a backslash in it only where it begins with E. */
const LITERAL = String.raw`(?:E'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*')`
/** An option of a foreign server, table or user: its name, and its value. */
const OPTION = new RegExp(String.raw`("(?:[^"]|"")+"|\b\w+)(\s+)${LITERAL}`, 'g')
const SECRET = /pass|pwd|secret|token|credential|key/i
const HIDDEN = `'***'`

/**
 * The statement without passwords: of a user mapping nothing but the user's name is told, of other foreign objects no option that is
 * named like a secret, and of a subscription no address of its publisher, which as a rule has one in it.
 */
export function withoutPasswords(kind: string, sql: string): string {
  switch (kind) {
    case 'USER MAPPING':
      return hideOptions(sql, (name) => !/^"?user(name)?"?$/i.test(name))
    case 'SERVER':
    case 'FOREIGN TABLE':
    case 'FOREIGN DATA WRAPPER':
      return hideOptions(sql, (name) => SECRET.test(name))
    case 'SUBSCRIPTION':
      return sql.replace(new RegExp(String.raw`(\bCONNECTION\s+)${LITERAL}`, 's'), `$1${HIDDEN}`)
    default:
      return sql
  }
}

function hideOptions(sql: string, isHidden: (name: string) => boolean): string {
  const from = sql.search(/\bOPTIONS\s*\(/)
  if (from < 0) return sql
  const hidden = sql.slice(from).replace(OPTION, (whole, name: string, space: string) => {
    return isHidden(name) ? `${name}${space}${HIDDEN}` : whole
  })
  return sql.slice(0, from) + hidden
}
