import { endOfQuoted } from '../plan/statements.ts'

/** Where `word` stands outside of quotes, -1 where it does not. */
export function indexOutside(sql: string, word: string): number {
  for (let at = 0; at < sql.length; ) {
    const end = endOfQuoted(sql, at)
    if (end > at) at = end
    else if (sql.startsWith(word, at)) return at
    else at += 1
  }
  return -1
}

/** `COMMENT ON TABLE a.b` of `COMMENT ON TABLE a.b IS '…';` */
export function targetOfComment(sql: string): string {
  return sql.slice(0, indexOutside(sql, ' IS ')).trim()
}

/** What follows it: `IS '…';` */
export function restOfComment(sql: string): string {
  return sql.slice(indexOutside(sql, ' IS '))
}

/** The text of a comment, of the plain literals that a scratch has. */
export function textOfComment(sql: string): string {
  return /^ IS '([^']*)'/.exec(restOfComment(sql))?.[1] ?? ''
}

/** What an object is called in `DROP … name;`, as SQL; null where its statement has another form. */
export function nameInDrop(dropSql: string): { readonly kind: string; readonly name: string } | null {
  const found = /^\s*DROP (?<kind>[A-Z ]*[A-Z]) (?<name>[^\s].*?);\s*$/s.exec(dropSql)?.groups
  return found?.kind === undefined || found.name === undefined ? null : { kind: found.kind, name: found.name }
}
