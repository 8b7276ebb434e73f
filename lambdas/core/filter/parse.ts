import type { ColumnOfResult, Session } from '../postgres/connect.ts'
import { DatabaseError } from '../postgres/errors.ts'
import type { SearchPath } from '../postgres/search-path.ts'
import { readTree, type TreeNode } from './node-tree.ts'

/** How a session takes statements: the answers are waited for one by one, unless it is `pipelined`. */
export type Flight = 'pipelined' | 'one by one'

export interface Parsed {
  /** One for each statement that the server could read. */
  readonly trees: readonly (TreeNode | null)[]
  /** What the columns of each such statement are. */
  readonly columns: readonly (readonly ColumnOfResult[])[]
  /** Why one of them could not be read. */
  readonly error: DatabaseError | null
}

/**
 * Lets the server parse SELECTs, in a read-only transaction. Each is a statement of its own, by the protocol that takes no more than one:
 * nothing of a text of more is run. A text that stands in brackets of one kind in one statement, and in those of another in the next, is one
 * expression: what closes the one to begin something else does not fit the other. The server prints the tree that it makes of a
 * statement to whoever asks for it (debug_print_parse), whose OIDs leave no doubt about what a name means.
 * @param source used for nothing else meanwhile, with no transaction open
 * @throws SampanError where the connection is lost
 */
export async function parse(
  source: Session,
  selects: readonly string[],
  path: SearchPath,
  flight: Flight,
): Promise<Parsed> {
  const trees: (TreeNode | null)[] = []
  const columns: (readonly ColumnOfResult[])[] = []
  const listen = ({ detail }: { readonly detail?: string | undefined }) => {
    if (detail !== undefined && SELECT_TREE.test(detail)) trees.push(readTree(detail))
  }
  const statements = [
    () =>
      source.execute(`BEGIN READ ONLY; SET LOCAL search_path = ${path}; SET LOCAL client_min_messages = log;
        SET LOCAL debug_pretty_print = off; SET LOCAL debug_print_parse = on`),
    ...selects.map((select) => async () => columns.push(await source.executeOne(select))),
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
  return { trees, columns, error }
}

/** Of SET there is a tree too. */
const SELECT_TREE = /^\s*\{QUERY\s+:commandType\s+1\s/
