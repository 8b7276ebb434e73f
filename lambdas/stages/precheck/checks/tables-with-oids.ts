import { type Check, count, findingOf, passed } from '../check.ts'
import { chosenTables } from '../facts/chosen.ts'
import { shownName } from '../facts/sql.ts'

/** The version that has no tables WITH OIDS any more. */
const WITHOUT_OIDS = 120_000

export const tablesWithOids: Check = {
  code: 'TABLES_WITH_OIDS',
  side: 'source',
  level: 'warning',
  scope: 'database',
  needs: ['source'],
  title: 'no chosen table is WITH OIDS',
  cause: 'tables WITH OIDS exist before PostgreSQL 12 only: their rows are migrated without the hidden column oid',
  remedy: 'where something reads it, keep it in a column of its own (ADD COLUMN, UPDATE); then acknowledge this code',
  async run(context) {
    if (context.source.serverVersion >= WITHOUT_OIDS) return passed
    const rows = await chosenTables<{ schema: string; name: string }>(
      context,
      `SELECT n.nspname AS schema, c.relname AS name
         FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relhasoids AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' ORDER BY 1, 2`,
    )
    return findingOf(
      rows.map(({ schema, name }) => shownName(schema, name)),
      (number) => `${count(number, 'table')} WITH OIDS`,
    )
  },
}
