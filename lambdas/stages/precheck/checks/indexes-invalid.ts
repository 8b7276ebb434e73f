import { type Check, count, findingOf } from '../check.ts'
import { chosenTables } from '../facts/chosen.ts'
import { shownName } from '../facts/sql.ts'

export const indexesInvalid: Check = {
  code: 'INDEXES_INVALID',
  side: 'source',
  level: 'info',
  scope: 'database',
  ofObjects: true,
  needs: ['source'],
  title: 'every index of the chosen tables is valid',
  cause: 'indexes that a failed CREATE INDEX CONCURRENTLY left behind are not migrated',
  remedy: 'drop them, or REINDEX them if they are wanted',
  async run(context) {
    const rows = await chosenTables<{ schema: string; name: string; index: string }>(
      context,
      `SELECT n.nspname AS schema, c.relname AS name, x.relname AS index
         FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
         JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE NOT i.indisvalid AND c.relkind <> 'p' AND n.nspname !~ '^pg_' ORDER BY 1, 2, 3`,
    )
    return findingOf(
      rows.map((row) => `${shownName(row.index)} of ${shownName(row.schema, row.name)}`),
      (number) => count(number, 'invalid index', 'invalid indexes'),
    )
  },
}
