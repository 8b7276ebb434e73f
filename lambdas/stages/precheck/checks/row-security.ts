import { type Check, count, findingOf, passed } from '../check.ts'
import { chosenTables } from '../facts/chosen.ts'
import { shownName, USER_SCHEMA } from '../facts/sql.ts'

/** Tables come with FORCE: once the policies stand, before the comparison, they hold for the owner too. */
export const destinationRowSecurity: Check = {
  code: 'DST_ROW_SECURITY',
  side: 'destination',
  level: 'error',
  scope: 'database',
  needs: ['source', 'destination'],
  title: 'no row-level security hides rows of the destination from the comparison',
  cause: 'tables with FORCE ROW LEVEL SECURITY cannot be compared by an account to which their policies apply',
  remedy:
    'ALTER ROLE … BYPASSRLS on the destination, or NO FORCE ROW LEVEL SECURITY on the source until the run is done, or ' +
    'validation.mode "none"',
  async run(context) {
    if (context.source.serverVersion < 90_500 || context.event.task.validation.mode === 'none') return passed
    const [tables, [account]] = await Promise.all([
      chosenTables<{ schema: string; name: string }>(
        context,
        `SELECT n.nspname AS schema, c.relname AS name
           FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
          WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND c.relforcerowsecurity AND ${USER_SCHEMA}
          ORDER BY 1, 2`,
      ),
      context.destinationServer.rows<{ bypasses: boolean }>(
        'SELECT rolsuper OR rolbypassrls AS bypasses FROM pg_catalog.pg_roles WHERE rolname = current_user',
      ),
    ])
    if (account?.bypasses) return passed
    return findingOf(
      tables.map((table) => shownName(table.schema, table.name)),
      (number) => `${count(number, 'table')} with FORCE ROW LEVEL SECURITY, which will hold for the account`,
    )
  },
}

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
