import { type Check, count, findingOf } from '../check.ts'
import { shownName } from '../facts/sql.ts'
import { changedTables, requireExpressions } from '../facts/table-changes.ts'

/** Sequences that a column owns: of an identity column, and of serial. */
const OWNED = `
  SELECT d.refobjid AS relation, a.attname::text AS column, n.nspname::text AS schema, s.relname::text AS name
    FROM pg_catalog.pg_depend AS d
    JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_catalog.pg_namespace AS n ON n.oid = s.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
   WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
     AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0 AND d.refobjid = ANY ($1::pg_catalog.oid[]) ORDER BY 3, 4`

export const expressionOnIdentity: Check = {
  code: 'EXPRESSION_ON_IDENTITY',
  side: 'source',
  level: 'warning',
  scope: 'database',
  needs: ['source'],
  title: 'no column that a sequence fills is computed by the task',
  cause:
    'the task computes a column whose values a sequence gives: the sequence stands as on the source, and may give a computed value again',
  remedy:
    'leave the column as it is; or acknowledge, and set the sequence behind the computed values when the run is done (setval)',
  async run(context) {
    requireExpressions(context)
    const { chosen, computed } = await context.fact(changedTables)
    const comes = new Map(chosen.map((table) => [table.oid, table]))
    const rows = await context.source.rows<{ relation: number; column: string; schema: string; name: string }>(OWNED, [
      [...computed.byTable.keys()].filter((oid) => comes.has(oid)),
    ])
    return findingOf(
      rows.flatMap(({ relation, column, schema, name }) => {
        const table = comes.get(relation)
        if (table === undefined || !computed.byTable.get(relation)?.has(column)) return []
        return [`${shownName(table.schema, table.name, column)}, by ${shownName(schema, name)}`]
      }),
      (number) => `${count(number, 'column')} that a sequence fills and the task computes`,
    )
  },
}
