import type { Session } from '../postgres/connect.ts'
import { DatabaseError } from '../postgres/errors.ts'
import { quoteQualified } from '../postgres/identifiers.ts'
import type { SearchPath } from '../postgres/search-path.ts'
import { sqlFile } from '../postgres/sql-file.ts'
import { readTree, type TreeNode } from './node-tree.ts'
import { usesOf } from './uses.ts'

const NOT_IMMUTABLE = sqlFile(new URL('./sql/not-immutable.sql', import.meta.url))

type Flight = 'pipelined' | 'one by one'

export interface JudgedTable {
  readonly schema: string
  readonly name: string
}

/**
 * Whether a condition can be a table's filter: the server parses it, in a read-only transaction, for no row. It must be one
 * expression of type boolean on the table's own columns, and immutable, since the rows are read by many sessions.
 * @param source used for nothing else meanwhile, with no transaction open
 * @param flight the answers are waited for one by one, unless the session is `pipelined`
 * @returns why not, one line; null where it can
 * @throws SampanError where the connection is lost
 */
export async function judgeFilter(
  source: Session,
  table: JudgedTable,
  where: string,
  path: SearchPath,
  flight: Flight = 'one by one',
): Promise<string | null> {
  const { tree, error } = await parse(source, table, where, path, flight)
  const uses = tree === null ? null : usesOf(tree)
  if (uses !== null && uses.refused.length > 0) return `it uses ${uses.refused.join(', and ')}`
  if (error !== null) return error.message
  if (uses === null) return 'the server does not tell how it reads it'
  const { functions, operators, read, printed } = uses
  const changing = await source.rows<{ name: string; volatility: string }>(NOT_IMMUTABLE, [
    ...[functions, operators, read, printed],
  ])
  if (changing.length > 0) {
    const named = changing.map(({ name, volatility }) => `${name} (${volatility})`).join(', ')
    return `it calls what is not immutable, its value depends on the clock or on settings: ${named}`
  }
  if (printed.includes(0)) return 'it casts what the server does not tell the type of'
  const [word] = wordsOfToday(where)
  if (word === undefined) return null
  // What reads such a word as a moment refuses another one.
  const other = await parse(source, table, withoutToday(where), path, flight)
  return other.error?.sqlState === INVALID_DATETIME ? `it uses ${word}, which is another moment in every session` : null
}

const INVALID_DATETIME = '22007'

interface Parsed {
  /** null where the server made none. */
  readonly tree: TreeNode | null
  readonly error: DatabaseError | null
}

/**
 * The condition stands in brackets of one kind, then in those of another: what closes the one to begin something else does not fit the
 * other. Each is a statement of its own, by the protocol that takes no more than one: nothing of a text of more is run. The server
 * prints the tree that it makes of a statement to whoever asks for it (debug_print_parse), whose OIDs leave no doubt about what a name means.
 */
async function parse(
  source: Session,
  { schema, name }: JudgedTable,
  where: string,
  path: SearchPath,
  flight: Flight,
): Promise<Parsed> {
  const trees: string[] = []
  const listen = ({ detail }: { readonly detail?: string | undefined }) => {
    if (detail !== undefined && SELECT_TREE.test(detail)) trees.push(detail)
  }
  const from = `SELECT 1 FROM ONLY ${quoteQualified(schema, name)} WHERE`
  const statements = [
    () =>
      source.execute(`BEGIN READ ONLY; SET LOCAL search_path = ${path}; SET LOCAL client_min_messages = log;
        SET LOCAL debug_pretty_print = off; SET LOCAL debug_print_parse = on`),
    () => source.executeOne(`${from} (${where}\n) LIMIT 0`),
    () => source.executeOne(`${from} (ARRAY[${where}\n])[1] LIMIT 0`),
    () => source.execute('ROLLBACK'),
  ]
  source.client.on('notice', listen)
  const errors: unknown[] = []
  const asked = statements.map((ask) => async () => ask().catch((thrown: unknown) => errors.push(thrown)))
  if (flight === 'pipelined') await Promise.all(asked.map((ask) => ask()))
  else for (const ask of asked) await ask()
  source.client.off('notice', listen)
  // What comes behind the first one is refused because of it.
  const [error = null] = errors
  if (error !== null && (!(error instanceof DatabaseError) || error.kind === 'connection')) throw error
  return { tree: readTree(trees[0] ?? ''), error }
}

/** Of SET there is a tree too. */
const SELECT_TREE = /^\s*\{QUERY\s+:commandType\s+1\s/

const TODAY = /\b(?:now|today|tomorrow|yesterday)\b/gi
const LITERALS = /'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$/gs

/** Words within literals that date types read as the moment of reading. */
function wordsOfToday(where: string): readonly string[] {
  return (where.match(LITERALS) ?? []).filter((literal) => literal.search(TODAY) >= 0)
}

function withoutToday(where: string): string {
  return where.replace(LITERALS, (literal) => literal.replace(TODAY, 'sampan'))
}
