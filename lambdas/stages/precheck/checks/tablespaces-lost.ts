import type { QualifiedName } from '../../../core/task/selection.ts'
import { type Check, count, findingOf } from '../check.ts'
import { chosenTables } from '../facts/chosen.ts'
import { shownName, USER_SCHEMA } from '../facts/sql.ts'

interface Placed extends QualifiedName {
  /** An index of the table, or null for the table itself. */
  readonly index: string | null
  readonly tablespace: string
}

export const tablespacesLost: Check = {
  code: 'TABLESPACES_LOST',
  side: 'source',
  level: 'info',
  scope: 'database',
  ofObjects: true,
  needs: ['source'],
  title: 'no chosen table or index lies in a tablespace of its own',
  cause: 'tablespaces are the server’s own matter: these tables and indexes go to the destination’s default one',
  remedy: 'nothing to do, unless the destination has tablespaces too: ALTER … SET TABLESPACE afterwards',
  async run(context) {
    const placed = await chosenTables<Placed>(
      context,
      `SELECT n.nspname AS schema, t.relname AS name, CASE WHEN c.oid <> t.oid THEN c.relname::text END AS index,
              s.spcname AS tablespace
         FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_tablespace AS s ON s.oid = c.reltablespace
         LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
         JOIN pg_catalog.pg_class AS t ON t.oid = COALESCE(i.indrelid, c.oid)
         JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
        WHERE t.relkind IN ('r', 'p', 'm') AND s.spcname !~ '^pg_' AND ${USER_SCHEMA} ORDER BY 1, 2, 3 NULLS FIRST`,
    )
    return findingOf(
      placed.map(({ schema, name, index, tablespace }) => {
        const own = index === null ? '' : `${shownName(index)} of `
        return `${own}${shownName(schema, name)} in ${shownName(tablespace)}`
      }),
      (number) => `${count(number, 'table or index', 'tables and indexes')} in tablespaces`,
    )
  },
}
