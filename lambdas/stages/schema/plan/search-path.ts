import type { Session } from '../../../core/postgres/connect.ts'
import { behindCatalog, OWN_PATH, type SearchPath } from '../../../core/postgres/search-path.ts'
import { sqlFile } from '../../../core/postgres/sql-file.ts'

const SEARCH_PATH = sqlFile(new URL('../sql/search-path.sql', import.meta.url))

/** Where a session of the source finds what is named without a schema. */
export async function readSearchPath(source: Session): Promise<SearchPath> {
  const [found] = await source.rows<{ path: string; user: string }>(SEARCH_PATH)
  return found === undefined ? OWN_PATH : behindCatalog(found.path, found.user)
}
