import type { Session } from './connect.ts'
import { behindCatalog, OWN_PATH, type SearchPath } from './search-path.ts'
import { sqlFile } from './sql-file.ts'

const SEARCH_PATH = sqlFile(new URL('./sql/search-path.sql', import.meta.url))

/** Where a session of the source finds what is named without a schema. */
export async function readSearchPath(source: Session): Promise<SearchPath> {
  const [found] = await source.rows<{ path: string; user: string }>(SEARCH_PATH)
  return found === undefined ? OWN_PATH : behindCatalog(found.path, found.user)
}
