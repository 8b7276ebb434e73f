import { type Check, count, findingOf } from '../check.ts'
import { chosenTables } from '../facts/chosen.ts'
import { shownName } from '../facts/sql.ts'

export const tablesLocked: Check = {
  code: 'SRC_TABLES_LOCKED',
  side: 'source',
  level: 'warning',
  scope: 'database',
  needs: ['source'],
  title: 'no chosen table of the source is locked against reading',
  cause: 'a session holds an ACCESS EXCLUSIVE lock: reading the table waits until it ends',
  remedy: 'let the ALTER TABLE, VACUUM FULL or LOCK end, then check again',
  async run(context) {
    const rows = await chosenTables<{ schema: string; name: string; pid: number | null }>(
      context,
      `SELECT n.nspname AS schema, c.relname AS name, l.pid
         FROM pg_catalog.pg_locks AS l
         JOIN pg_catalog.pg_class AS c ON c.oid = l.relation JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE l.mode = 'AccessExclusiveLock' AND l.granted AND c.relkind IN ('r', 'p', 'm', 'S')
          AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
        ORDER BY 1, 2`,
    )
    return findingOf(
      rows.map(
        (row) =>
          `${shownName(row.schema, row.name)}, by ${row.pid === null ? 'a prepared transaction' : `pid ${row.pid}`}`,
      ),
      (number) => `${count(number, 'chosen table is', 'chosen tables are')} locked against reading`,
    )
  },
}
