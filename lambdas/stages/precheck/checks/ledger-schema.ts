import { type Check, count, findingOf } from '../check.ts'
import { shownName } from '../facts/sql.ts'

export const ledgerSchema: Check = {
  code: 'SRC_LEDGER_SCHEMA',
  side: 'source',
  level: 'error',
  scope: 'database',
  needs: ['source'],
  title: 'the source has no schema "sampan" to migrate',
  cause: 'the source has tables in a schema "sampan", where the destination keeps the ledger of the run',
  remedy: 'exclude "sampan.*" if they are an earlier run’s ledger; rename the schema if they are yours',
  async run(context) {
    const rows = await context.source.rows<{ schema: string; name: string }>(
      `SELECT n.nspname AS schema, c.relname AS name
         FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = 'sampan' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') ORDER BY 2`,
    )
    const { selection } = context
    const chosen = rows.filter(
      ({ schema, name }) => selection.includesTable(schema, name) && !selection.excludesTable(schema, name),
    )
    return findingOf(
      chosen.map((row) => shownName(row.schema, row.name)),
      (number) => `${count(number, 'relation')} in schema "sampan" of the source`,
    )
  },
}
