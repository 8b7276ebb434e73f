import { type Check, count, findingOf } from '../check.ts'
import { chosenTables } from '../facts/chosen.ts'
import { shownName } from '../facts/sql.ts'

export const regColumns: Check = {
  code: 'REG_COLUMNS',
  side: 'source',
  level: 'warning',
  scope: 'database',
  needs: ['source'],
  title: 'no chosen column holds names of catalogue objects',
  cause: 'columns of type regclass, regproc and the like hold numbers of the source’s catalogue; they travel by name',
  remedy: 'see that what they name is migrated too, or make them text; then acknowledge this code',
  async run(context) {
    const rows = await chosenTables<{ schema: string; name: string; column: string; type: string }>(
      context,
      `SELECT n.nspname AS schema, c.relname AS name, a.attname AS column,
              pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
         FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
         JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.typnamespace
        WHERE tn.nspname = 'pg_catalog' AND t.typname ~ '^_?reg[a-z]+$' AND c.relkind = 'r' AND n.nspname !~ '^pg_'
          AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2, 3`,
    )
    return findingOf(
      rows.map((row) => `${shownName(row.schema, row.name, row.column)}, ${row.type}`),
      (number) => `${count(number, 'column')} of reg… types`,
    )
  },
}
