import { type Check, count, findingOf, passed } from '../check.ts'
import { chosenTables } from '../facts/chosen.ts'
import { destinationLocale, sourceLocale } from '../facts/locale.ts'
import { shownName } from '../facts/sql.ts'

/** The version that prints a byte above 127 as `\ooo` and reads it so; before, as it is, and the first byte is read. */
const ESCAPED = 160_000

export const charBytes: Check = {
  code: 'CHAR_BYTES',
  side: 'both',
  level: 'warning',
  scope: 'database',
  needs: ['source', 'destinationDatabase'],
  title: 'no chosen column of type "char" holds what is another byte on the destination',
  cause:
    'columns of type "char" hold a byte and travel as text here: one above 127 arrives as another one, and the run ends with VALIDATION_DIFFERS',
  remedy:
    'find such bytes with get_byte(charsend(…), 0) > 127 and make those columns bytea or smallint; where there are none, acknowledge this code',
  async run(context) {
    const { source, destination } = context
    const [from, to] = await Promise.all([context.fact(sourceLocale), context.fact(destinationLocale)])
    const isRead = source.serverVersion < ESCAPED || destination.serverVersion >= ESCAPED
    const isConverted = source.serverVersion < ESCAPED && from.encoding !== to.encoding && to.encoding !== 'SQL_ASCII'
    if (isRead && !isConverted) return passed
    const rows = await chosenTables<{ schema: string; name: string; column: string }>(
      context,
      `SELECT n.nspname AS schema, c.relname AS name, a.attname AS column
         FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
        -- 18 is "char", 1002 its array; with domains over them.
        WHERE (18 IN (t.oid, t.typbasetype) OR 1002 IN (t.oid, t.typbasetype))
          AND c.relkind = 'r' AND n.nspname !~ '^pg_' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2, 3`,
    )
    return findingOf(
      rows.map((row) => shownName(row.schema, row.name, row.column)),
      (number) => `${count(number, 'column')} of type "char", from ${from.encoding} into ${to.encoding}`,
    )
  },
}
