import type { Session } from '../postgres/connect.ts'
import { quoteQualified } from '../postgres/identifiers.ts'
import type { SearchPath } from '../postgres/search-path.ts'
import { type Flight, parse } from './parse.ts'
import { usesOf } from './uses.ts'
import { whyNotTheSame } from './why-not-the-same.ts'

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
  { schema, name }: JudgedTable,
  where: string,
  path: SearchPath,
  flight: Flight = 'one by one',
): Promise<string | null> {
  const from = `SELECT 1 FROM ONLY ${quoteQualified(schema, name)} WHERE`
  const ask = (condition: string) =>
    parse(source, [`${from} (${condition}\n) LIMIT 0`, `${from} (ARRAY[${condition}\n])[1] LIMIT 0`], path, flight)
  const {
    trees: [tree = null],
    error,
  } = await ask(where)
  const uses = tree === null ? null : usesOf(tree)
  if (uses !== null && uses.refused.length > 0) return `it uses ${uses.refused.join(', and ')}`
  if (error !== null) return error.message
  if (uses === null) return 'the server does not tell how it reads it'
  return whyNotTheSame(source, uses, where, async (other) => (await ask(other)).error)
}
