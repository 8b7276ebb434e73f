const NAME = String.raw`(?:"(?:[^"]|"")+"|[\w$\u0080-\uffff]+)`
const LITERAL = `'(?:[^']|'')*'`
const TYPE = `(?:"(?:[^"]|"")+"|[^"'])+?`
const NUMBER = String.raw`[\d.]+`
const MARK = `(?:(?:${LITERAL}|NULL|${NUMBER})::${TYPE}|[^\\s':]+)`

/** What may stand around the clause, or hold its words without being one, and the clause. */
const TOKENS = new RegExp(
  String.raw`(\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)[\s\S]*?\1|${LITERAL}|"(?:[^"]|"")*"` +
    `|(?<before>\\bCYCLE ${NAME}(?:, ${NAME})* SET ${NAME} TO )(?<mark>${MARK}) DEFAULT (?<other>${MARK})(?<after> USING ${NAME})`,
  'g',
)

const CAST = new RegExp(`^(?<value>${LITERAL}|NULL|${NUMBER})::(?<type>[\\s\\S]+)$`)

/** Of an interval the grammar has them behind the literal. */
const FIELDS = /^interval (?<fields>(?:year|month|day|hour|minute|second)\b[\s\S]*)$/

/**
 * The marks of a CYCLE clause in words that a server reads. All of 14 to 18 print `TO 'Y'::text DEFAULT 'N'::text` (ruleutils.c,
 * get_with_clause), where their grammar takes constants alone (AexprConst), none with a cast behind it: what pg_dump writes of such a view is a
 * syntax error on every server. `text 'Y'` means the same, and NULL takes the type of the other mark.
 */
export function withReadableMarks(sql: string): string {
  if (!(sql.includes(' CYCLE ') && sql.includes(' DEFAULT '))) return sql
  return sql.replace(TOKENS, (token: string, ...rest: unknown[]) => {
    const { before, mark, other, after } = rest.at(-1) as Record<string, string | undefined>
    if (mark === undefined || other === undefined) return token
    return `${before}${readable(mark)} DEFAULT ${readable(other)}${after}`
  })
}

function readable(mark: string): string {
  const { value, type } = CAST.exec(mark)?.groups ?? {}
  if (value === undefined || type === undefined) return mark
  if (value === 'NULL') return value
  const literal = value.startsWith("'") ? value : `'${value}'`
  const { fields } = FIELDS.exec(type)?.groups ?? {}
  return fields === undefined ? `${type} ${literal}` : `interval ${literal} ${fields}`
}
