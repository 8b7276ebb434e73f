import { type Check, count, findingOf, passed } from '../check.ts'
import { chosenTables } from '../facts/chosen.ts'
import { shownName } from '../facts/sql.ts'

export const lz4Missing: Check = {
  code: 'LZ4_MISSING',
  side: 'both',
  level: 'info',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destination'],
  title: 'the destination’s server knows every compression method of the source’s columns',
  cause:
    'columns are compressed with lz4, which the destination’s server was built without (or is older than 14): it compresses them in its own way',
  remedy: 'nothing to do: every value arrives',
  async run(context) {
    if (context.source.serverVersion < 140_000) return passed
    const [columns, [known]] = await Promise.all([
      chosenTables<{ schema: string; name: string; column: string }>(
        context,
        `SELECT n.nspname AS schema, c.relname AS name, a.attname AS column
           FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
           JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
          WHERE a.attcompression = 'l' AND n.nspname !~ '^pg_' AND NOT a.attisdropped ORDER BY 1, 2, 3`,
      ),
      context.destinationServer.rows(
        `SELECT 1 FROM pg_catalog.pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)`,
      ),
    ])
    if (known !== undefined) return passed
    return findingOf(
      columns.map((row) => shownName(row.schema, row.name, row.column)),
      (number) => `${count(number, 'column')} compressed with lz4`,
    )
  },
}
