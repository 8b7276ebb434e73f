import { majorOf } from '../../../core/postgres/versions.ts'
import { type Check, passed } from '../check.ts'

/** The oldest that DTS and Sampan promise, and the newest that the pg_dump inside Sampan (18) reads. */
const OLDEST = 90_400
const NEXT_UNKNOWN = 190_000

export const sourceVersion: Check = {
  code: 'SRC_VERSION_UNSUPPORTED',
  side: 'source',
  level: 'error',
  scope: 'task',
  needs: ['source'],
  title: 'the source runs PostgreSQL 9.4 to 18',
  cause: 'the source’s version is older than 9.4 or newer than the pg_dump inside Sampan',
  remedy: 'upgrade an older source within RDS first; for a newer one take a newer Sampan',
  async run({ source }) {
    if (source.serverVersion >= OLDEST && source.serverVersion < NEXT_UNKNOWN) return passed
    return [{ cause: `the source runs PostgreSQL ${majorOf(source.serverVersion)}` }]
  },
}
