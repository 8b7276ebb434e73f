/** The end of a quoted piece that begins at `at`, or `at` where none does. */
export function endOfQuoted(sql: string, at: number): number {
  const char = sql[at]
  if (char === '"' || char === "'") {
    const escapes = char === "'" && /(^|[^\w$])[eE]$/.test(sql.slice(Math.max(0, at - 2), at))
    for (let end = at + 1; end < sql.length; end += 1) {
      if (escapes && sql[end] === '\\') end += 1
      else if (sql[end] === char) {
        if (sql[end + 1] === char) end += 1
        else return end + 1
      }
    }
    return sql.length
  }
  return at
}

/**
 * Cuts what pg_dump writes for privileges into statements: quotes are honoured, dollar quotes and comments do not occur
 * there. Empty ones are left out.
 */
export function splitStatements(sql: string): string[] {
  const statements: string[] = []
  let start = 0
  for (let at = 0; at < sql.length; ) {
    const end = endOfQuoted(sql, at)
    if (end > at) at = end
    else {
      if (sql[at] === ';') {
        statements.push(sql.slice(start, at).trim())
        start = at + 1
      }
      at += 1
    }
  }
  statements.push(sql.slice(start).trim())
  return statements.filter((statement) => statement !== '')
}

/**
 * The items of a list in parentheses, cut at its own commas, not at those of expressions or texts in it.
 * @param start behind the opening parenthesis
 * @returns also where the closing one stands
 */
export function splitList(sql: string, start: number): { readonly items: readonly string[]; readonly end: number } {
  const items: string[] = []
  let depth = 0
  let from = start
  for (let at = start; at < sql.length; ) {
    const end = endOfQuoted(sql, at)
    if (end > at) {
      at = end
      continue
    }
    const char = sql[at]
    if (depth === 0 && (char === ',' || char === ')')) {
      items.push(sql.slice(from, at).trim())
      if (char === ')') return { items: items.filter((item) => item !== ''), end: at }
      from = at + 1
    }
    if (char === '(' || char === '[') depth += 1
    if (char === ')' || char === ']') depth -= 1
    at += 1
  }
  throw new RangeError('the list has no end')
}

/** Words and punctuation of one statement; a quoted identifier is one word, unquoted, and marked as a name. */
export function wordsOf(statement: string): readonly { readonly text: string; readonly quoted: boolean }[] {
  const words: { text: string; quoted: boolean }[] = []
  for (let at = 0; at < statement.length; ) {
    const end = endOfQuoted(statement, at)
    if (end > at) {
      const inner = statement.slice(at + 1, end - 1)
      words.push({ text: statement[at] === '"' ? inner.replaceAll('""', '"') : inner, quoted: true })
      at = end
      continue
    }
    const word = /^[^\s"',;()]+|^[,()]/.exec(statement.slice(at))?.[0]
    if (word) words.push({ text: word, quoted: false })
    at += word?.length ?? 1
  }
  return words
}
