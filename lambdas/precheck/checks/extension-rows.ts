import { quoteQualified } from '../../postgres/identifiers.ts'
import { type Check, count, findingOf } from '../check.ts'
import { neededExtensions } from '../facts/extensions.ts'
import { shownName } from '../facts/sql.ts'

interface MemberTable {
  readonly schema: string
  readonly name: string
  readonly extension: string
  /** The extension says by pg_extension_config_dump that users write in it. */
  readonly configuration: boolean
  /** Which of its rows are the user's: a WHERE clause, or nothing. */
  readonly condition: string
  readonly readable: boolean
}

const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name, e.extname AS extension,
         own.oid IS NOT NULL AS configuration, COALESCE(own.condition, '') AS condition,
         pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable
    FROM pg_catalog.pg_depend AS member
    JOIN pg_catalog.pg_extension AS e ON e.oid = member.refobjid
    JOIN pg_catalog.pg_class AS c ON c.oid = member.objid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN LATERAL ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) AS own(oid, condition)
      ON own.oid = c.oid
   WHERE member.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND member.deptype = 'e'
     AND member.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
     AND c.relkind IN ('r', 'p') ORDER BY 1, 2`

/**
 * CREATE EXTENSION makes the tables of an extension anew. What users have written into them is no part of it, be it where the
 * extension expects them to (pg_extension_config_dump: jobs of pg_cron, tables of pg_partman, reference systems of PostGIS) or
 * elsewhere; and a table that ALTER EXTENSION … ADD TABLE has put there it does not make at all.
 */
export const extensionRows: Check = {
  code: 'EXTENSION_ROWS',
  side: 'source',
  level: 'warning',
  scope: 'database',
  needs: ['source'],
  title: 'no table of an extension holds rows of the user’s',
  cause: 'tables of extensions hold rows of your own; an extension is created anew on the destination, without them',
  remedy: 'ALTER EXTENSION … DROP TABLE what is yours, or copy its rows by hand afterwards and acknowledge this code',
  async run(context) {
    const needed = new Set((await context.fact(neededExtensions)).map(({ name }) => name))
    const tables = (await context.source.rows<MemberTable>(TABLES)).filter(({ extension }) => needed.has(extension))
    const readable = tables.filter((table) => table.readable)
    const questions = readable.map(
      ({ schema, name, condition }, at) =>
        `SELECT ${at} AS at WHERE EXISTS (SELECT FROM ${quoteQualified(schema, name)} ${condition})`,
    )
    const found = questions.length === 0 ? [] : await context.source.rows<{ at: number }>(questions.join(' UNION ALL '))
    const filled = new Set(found.map(({ at }) => readable[at]))
    return findingOf(
      tables.flatMap((table) => {
        const kind = table.configuration ? '' : ', no configuration'
        const shown = `${shownName(table.schema, table.name)} of ${table.extension}${kind}`
        if (!table.readable) return [`${shown}, not readable`]
        return filled.has(table) ? [shown] : []
      }),
      (number) => `rows of ${count(number, 'table')} of extensions are not migrated`,
    )
  },
}
