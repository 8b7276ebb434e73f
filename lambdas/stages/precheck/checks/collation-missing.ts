import { type Check, count, findingOf } from '../check.ts'
import { chosenTables } from '../facts/chosen.ts'
import { shownName } from '../facts/sql.ts'

export const collationMissing: Check = {
  code: 'COLLATION_MISSING',
  side: 'both',
  level: 'error',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destination'],
  title: 'the destination’s server has every collation that columns name',
  cause: 'columns name collations of the operating system or of ICU that the destination’s server does not have',
  remedy:
    'create a collation of that name in the destination’s pg_catalog if you may, or change the columns’ collation',
  async run(context) {
    const [columns, present] = await Promise.all([
      chosenTables<{ schema: string; name: string; column: string; collation: string }>(
        context,
        // Collations in other schemas are objects of the database: they are migrated.
        `SELECT n.nspname AS schema, c.relname AS name, a.attname AS column, o.collname AS collation
           FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
           JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
           JOIN pg_catalog.pg_collation AS o ON o.oid = a.attcollation
           JOIN pg_catalog.pg_namespace AS cn ON cn.oid = o.collnamespace
          WHERE cn.nspname = 'pg_catalog' AND o.collname <> 'default' AND n.nspname !~ '^pg_'
            AND c.relkind IN ('r', 'p', 'm', 'f') AND NOT a.attisdropped ORDER BY 1, 2, 3`,
      ),
      context.destinationServer.rows<{ name: string }>('SELECT DISTINCT collname AS name FROM pg_catalog.pg_collation'),
    ])
    const names = new Set(present.map((row) => row.name))
    const missing = columns.filter((row) => !names.has(row.collation))
    return findingOf(
      missing.map((row) => `${row.collation}, of ${shownName(row.schema, row.name, row.column)}`),
      (number) => `${count(number, 'column has a collation', 'columns have collations')} the destination does not know`,
    )
  },
}
