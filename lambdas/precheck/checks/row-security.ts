import { type Check, count, findingOf, passed } from '../check.ts'
import { chosenTables } from '../facts/chosen.ts'
import { shownName, USER_SCHEMA } from '../facts/sql.ts'

export const rowSecurity: Check = {
  code: 'SRC_ROW_SECURITY',
  side: 'source',
  level: 'error',
  scope: 'database',
  needs: ['source'],
  title: 'no row-level security hides rows of the source from the account',
  cause: 'policies hide rows from the account, so that it cannot read whole tables',
  remedy: 'log in as the owner of the tables (without FORCE ROW LEVEL SECURITY), or ALTER ROLE … BYPASSRLS',
  async run(context) {
    if (context.source.serverVersion < 90_500) return passed
    const rows = await chosenTables<{ schema: string; name: string }>(
      context,
      `SELECT n.nspname AS schema, c.relname AS name
         FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND pg_catalog.row_security_active(c.oid) AND ${USER_SCHEMA}
        ORDER BY 1, 2`,
    )
    return findingOf(
      rows.map((row) => shownName(row.schema, row.name)),
      (number) => `row-level security applies to the account in ${count(number, 'table')}`,
    )
  },
}
