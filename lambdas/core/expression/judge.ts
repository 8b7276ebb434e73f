import type { JudgedTable } from '../filter/judge.ts'
import { nodesOf, type TreeNode } from '../filter/node-tree.ts'
import { type Flight, parse } from '../filter/parse.ts'
import { usesOf } from '../filter/uses.ts'
import { type Changing, whyNotTheSame } from '../filter/why-not-the-same.ts'
import type { ColumnOfResult, Session } from '../postgres/connect.ts'
import { quoteQualified } from '../postgres/identifiers.ts'
import type { SearchPath } from '../postgres/search-path.ts'
import { type ComputableColumn, hasLength, storedValue } from './column.ts'
import { fits } from './fits.ts'

/**
 * Whether an expression can stand in for a column: the server parses it, in a read-only transaction, for no row. It must be one expression
 * on the table's own columns, with one value for each row, the same in every session that reads it, and of the column's type without loss.
 * @param source used for nothing else meanwhile, with no transaction open
 * @returns why not, one line, and what to do about it; null where it can
 * @throws SampanError where the connection is lost
 */
export async function judgeExpression(
  source: Session,
  { schema, name }: JudgedTable,
  expression: string,
  column: ComputableColumn,
  path: SearchPath,
  flight: Flight = 'one by one',
): Promise<string | null> {
  const from = `FROM ONLY ${quoteQualified(schema, name)} LIMIT 0`
  const ask = (text: string) =>
    parse(
      source,
      [
        `SELECT (${text}\n) ${from}`,
        `SELECT CASE WHEN true THEN ${text}\n END ${from}`,
        `SELECT ${storedValue(text, column)} ${from}`,
      ],
      path,
      flight,
    )
  const { trees, columns, error } = await ask(expression)
  const [plain = null, , cast = null] = trees
  const uses = [plain, cast].flatMap((tree) => (tree === null ? [] : [usesOf(tree)]))
  const refused = [...new Set([...uses.flatMap((one) => one.refused), ...(plain === null ? [] : setsOf(plain))])]
  if (refused.length > 0) return `it uses ${refused.join(', and ')}`
  const [given] = columns[0] ?? []
  if (given !== undefined && plain !== null && !fits(given, column, isNull(plain))) {
    return `its type is ${await typeText(source, given)}, the column’s ${column.wholeType}: ${remedyOf(given, column)}`
  }
  if (error !== null) return error.message
  const [, whole] = uses
  if (whole === undefined) return 'the server does not tell how it reads it'
  return whyNotTheSame(source, whole, expression, async (other) => (await ask(other)).error, isPinned)
}

function remedyOf({ type, modifier }: ColumnOfResult, column: ComputableColumn): string {
  const rounds = type === column.type && modifier !== column.modifier
  const why = rounds ? 'the column would round it without a word' : 'nothing is converted but by its own words'
  return `${why}; write (…)::${hasLength(column) ? column.plainType : column.wholeType}`
}

async function typeText(source: Session, { type, modifier }: ColumnOfResult): Promise<string> {
  const [row] = await source.rows<{ name: string }>(`SELECT pg_catalog.format_type($1::oid, $2::integer) AS name`, [
    type,
    modifier,
  ])
  return row?.name ?? 'unknown'
}

/** The word NULL, cast or not. */
function isNull(tree: TreeNode): boolean {
  const [target] = [...nodesOf(tree)].filter(({ kind }) => kind === 'TARGETENTRY')
  const [value] = target?.fields.get('expr') ?? []
  return typeof value === 'object' && value.kind === 'CONST' && value.fields.get('constisnull')?.[0] === 'true'
}

/** One row would become several, or none. Before 10 a CASE lets such a function pass. */
function setsOf(tree: TreeNode): readonly string[] {
  const sets = [...nodesOf(tree)].some(
    (node) => node.fields.get('funcretset')?.[0] === 'true' || node.fields.get('opretset')?.[0] === 'true',
  )
  return sets ? ['a function that returns a set'] : []
}

/**
 * Functions of the server whose value depends on nothing but settings that every session of a run pins, or has alike, and on what is
 * printed. Those that may read `now` or `today` out of a text are none of them.
 */
const PINNED = [
  /^to_(char|date|timestamp|number|json|jsonb)$/,
  /^(date_trunc|date_part|extract|timestamp|timestamptz|date|time)$/,
  /^(timestamptz_(pl|mi)_interval|interval_pl_timestamptz)$/,
  /^(date|timestamp)_(eq|ne|lt|le|gt|ge|cmp)_timestamptz$/,
  /^timestamptz_(eq|ne|lt|le|gt|ge|cmp)_(date|timestamp)$/,
  /^(concat|concat_ws|format|quote_literal|quote_nullable|textanycat|anytextcat|array_to_string)$/,
  /^(row_to_json|array_to_json|jsonb?_build_(object|array))$/,
  /^(date|timestamp|timestamptz|interval|cash|array|enum|record|range|multirange|json|jsonb|xml)_out$/,
  /^(interval|enum|json|jsonb|xml)_in$/,
]

function isPinned({ own, volatility }: Changing): boolean {
  return own !== null && volatility === 'stable' && PINNED.some((names) => names.test(own))
}
