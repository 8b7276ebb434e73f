import { describe, expect, test } from 'vitest'
import { openSession } from '../../support/copy-run.ts'
import { createDatabase, oldestServer, sharedServer } from '../../support/servers.ts'

/** What a database's owner may have set, to the harm of a migration. */
const HOSTILE = {
  jit: 'on',
  synchronize_seqscans: 'on',
  bytea_output: 'escape',
  statement_timeout: '1s',
  array_nulls: 'off',
  quote_all_identifiers: 'on',
  transform_null_equals: 'on',
  gin_fuzzy_search_limit: '3',
  exit_on_error: 'on',
}

describe('a session keeps its own settings, whatever the database says', () => {
  for (const major of [10, 15, 18] as const) {
    test(`on PostgreSQL ${major}`, async () => {
      const known = Object.entries(HOSTILE).filter(([name]) => name !== 'jit' || major >= 11)
      const database = await createDatabase(major === 10 ? await oldestServer() : sharedServer(major))
      for (const [name, value] of known) {
        await database.query(`ALTER DATABASE "${database.name}" SET ${name} = '${value}'`)
      }
      const session = await openSession(database, 'source')
      const rows = await session.rows<{ name: string; setting: string }>(
        `SELECT name, setting FROM pg_catalog.pg_settings WHERE name = ANY ($1) ORDER BY name`,
        [known.map(([name]) => name)],
      )
      await session.close()
      const pinned = {
        array_nulls: 'on',
        bytea_output: 'hex',
        exit_on_error: 'off',
        gin_fuzzy_search_limit: '0',
        jit: 'off',
        quote_all_identifiers: 'off',
        statement_timeout: '0',
        synchronize_seqscans: 'off',
        transform_null_equals: 'off',
      }
      const expected = Object.entries(pinned).filter(([name]) => known.some(([other]) => other === name))
      expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual(Object.fromEntries(expected))
    })
  }
})
