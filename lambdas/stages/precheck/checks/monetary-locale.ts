import { type Check, passed } from '../check.ts'
import { chosenTables } from '../facts/chosen.ts'
import { plainLocale } from '../facts/locale.ts'
import { shownName } from '../facts/sql.ts'

const SQL = `SELECT pg_catalog.current_setting('lc_monetary') AS locale`

export const monetaryLocale: Check = {
  code: 'LC_MONETARY_DIFFERS',
  side: 'both',
  level: 'warning',
  scope: 'database',
  needs: ['source', 'destinationDatabase'],
  title: 'money means the same on both sides',
  cause: 'columns of type money take their currency and decimals from lc_monetary, which differs',
  remedy: 'ALTER DATABASE … SET lc_monetary on the destination to the source’s value, or acknowledge this code',
  async run(context) {
    const [columns, [from], [to]] = await Promise.all([
      chosenTables<{ schema: string; name: string; column: string }>(
        context,
        `SELECT n.nspname AS schema, c.relname AS name, a.attname AS column
           FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
           JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
          WHERE a.atttypid = ANY ('{money,money[]}'::pg_catalog.regtype[]) AND c.relkind IN ('r', 'm')
            AND n.nspname !~ '^pg_' AND NOT a.attisdropped ORDER BY 1, 2, 3`,
      ),
      context.source.rows<{ locale: string }>(SQL),
      context.destination.rows<{ locale: string }>(SQL),
    ])
    if (from === undefined || to === undefined || columns.length === 0) return passed
    if (plainLocale(from.locale) === plainLocale(to.locale)) return passed
    return [
      {
        cause: `lc_monetary is ${from.locale} on the source and ${to.locale} on the destination`,
        details: columns.map((row) => shownName(row.schema, row.name, row.column)),
      },
    ]
  },
}
