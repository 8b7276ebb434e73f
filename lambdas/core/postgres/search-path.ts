import type { Session } from './connect.ts'
import { quoteIdentifier } from './identifiers.ts'

/**
 * The schemas in which what is named without one is found, as SET writes them. Our sessions look in pg_catalog alone; functions
 * of the user's that an index, a CHECK or a generated column calls were written for a session of the source. Planning a mere
 * reading of such a table opens the bodies of SQL functions. Only while such a statement runs is its path set, and pg_catalog
 * comes first in it: what users have called the same never stands in for the server's own.
 */
export type SearchPath = string

/** Nothing but the server's own, as every session of ours has it. */
export const OWN_PATH: SearchPath = 'pg_catalog'

const LAST = 'pg_temp'

/**
 * Puts a setting of the user's behind pg_catalog.
 * @param setting as `search_path` is shown, e.g. `"$user", public`
 * @param user what `"$user"` stands for
 */
export function behindCatalog(setting: string, user: string): SearchPath {
  const names = [...setting.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)].map(([word, quoted]) =>
    quoted === undefined ? word.toLowerCase() : quoted.replaceAll('""', '"'),
  )
  const schemas = names.map((name) => (name === '$user' ? user : name))
  const own = schemas.filter((name) => name !== '' && name !== 'pg_catalog' && name !== LAST)
  return ['pg_catalog', ...new Set(own), LAST].map(quoteIdentifier).join(', ')
}

/** The statements under the path, as one simple Query inside of an open transaction; our own path holds again behind them. */
export function underPath(path: SearchPath, statements: string): string {
  return `SET LOCAL search_path = ${path}; ${statements}; ${OWN_PATH_AGAIN}`
}

const OWN_PATH_AGAIN = `SET LOCAL search_path = ''`

/**
 * Asks under the path, inside an open transaction. After an error the transaction takes the path along.
 * @param session the answers are waited for one by one, unless `pipelined`
 */
export async function askUnderPath<Answer>(
  session: Session,
  path: SearchPath,
  ask: () => Promise<Answer>,
  pipelined: 'pipelined' | 'one by one' = 'one by one',
): Promise<Answer> {
  const set = () => session.execute(`SET LOCAL search_path = ${path}`)
  const reset = () => session.execute(OWN_PATH_AGAIN)
  if (pipelined === 'pipelined') return (await Promise.all([set(), ask(), reset()]))[1]
  await set()
  const answer = await ask()
  await reset()
  return answer
}
