/** One entry of `include` or `exclude`, parsed. Both parts may hold `*` (any run) and `?` (one character). */
export interface TablePattern {
  readonly schema: string
  readonly table: string
}

const PART = String.raw`(?:"(?:[^"\0]|"")+"|[^".\s\0]+)`
const PATTERN = new RegExp(`^(${PART})\\.(${PART})$`)
const NAME = new RegExp(`^${PART}(?:\\.${PART})*$`)

/**
 * Reads `schema.table`. Names are compared as they are written, upper and lower case included: nothing is folded, because
 * a task is JSON, not SQL. Double quotes are only needed around a part with a dot, a blank or a quote (doubled), and
 * `*` and `?` keep their meaning inside them.
 *
 * @returns null where the text has another form
 */
export function parseTablePattern(text: string): TablePattern | null {
  const parts = PATTERN.exec(text)
  if (parts?.[1] === undefined || parts[2] === undefined) return null
  return { schema: unquote(parts[1]), table: unquote(parts[2]) }
}

/** The parts of a name that is written with dots, without their quotes; null where it has another form. */
export function quotedParts(text: string): readonly string[] | null {
  if (!NAME.test(text)) return null
  return (text.match(new RegExp(PART, 'g')) ?? []).map(unquote)
}

function unquote(part: string): string {
  return part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part
}

/** Does a pattern name this table? Takes time linear in the pattern's stars, so no pattern can hang a run. */
export function matchesTablePattern(pattern: TablePattern, schema: string, table: string): boolean {
  return matchesGlob(pattern.schema, schema) && matchesGlob(pattern.table, table)
}

/** Greedy glob with one point of return: the last star. */
export function matchesGlob(glob: string, text: string): boolean {
  const pattern = [...glob]
  const name = [...text]
  let at = 0
  let star = -1
  let retryFrom = 0
  for (let i = 0; i < name.length; ) {
    if (pattern[at] === '*') {
      star = at++
      retryFrom = i
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[i])) {
      at++
      i++
    } else if (star >= 0) {
      at = star + 1
      i = ++retryFrom
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
