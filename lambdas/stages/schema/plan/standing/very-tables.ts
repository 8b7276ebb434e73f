import type { Meeting } from '../../../../core/existing/meetings.ts'
import { quoteLiteral } from '../../../../core/postgres/identifiers.ts'

/** SQLSTATE of a statement that finds another table than the plan has met. */
const OTHER_TABLE = 'SP010'
/** Of a statement that makes a table whose name is taken. */
const NAME_TAKEN = '42P07'

/** Whether an object could not be made because another table stands under the name than when the plan was made. */
export function isOtherTable({ code }: { readonly code: string | null }): boolean {
  return code === OTHER_TABLE || code === NAME_TAKEN
}

/** What is said of tables that stand there. */
export interface TablesStatement {
  readonly verb: 'TRUNCATE' | 'DROP TABLE'
  /** What becomes of it where one of them has another name by now, or none: nothing is said of any, or it is said of the rest. */
  readonly otherwise: 'fails' | 'rest'
}

/**
 * A statement about tables of the destination, which is said of the very tables that were met when the plan was made: by their oids, and under
 * the names that they had. Whatever else has got one of these names since is somebody's new table. The lock is taken by name, and the names are
 * looked up again behind it: nobody can change them any more. Pure.
 */
export function veryTables(tables: readonly Meeting['there'][], { verb, otherwise }: TablesStatement): string {
  const rows = tables.map(({ oid, schema, name }) => {
    // Not what inherits from the table: it may be another one's.
    const only = verb === 'TRUNCATE' ? 'ONLY ' : ''
    return `(${oid}::oid, ${quoteLiteral(schema)}, ${quoteLiteral(name)}, '${only}')`
  })
  const known = tables.flatMap(({ oid, partitions }) => [oid, ...partitions.map((partition) => partition.oid)])
  const names = tables.map(({ schema, name }) => `${schema}.${name}`).join(', ')
  const message = `not what stood there when the plan was made: renamed or dropped since, or another table has come under the name: ${names}`
  // DROP TABLE takes partitions along.
  const attached = `
  IF EXISTS (SELECT FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'
              WHERE i.inhparent = ANY ('{${known.join(',')}}'::oid[]) AND i.inhrelid <> ALL ('{${known.join(',')}}'::oid[])) THEN
    RAISE EXCEPTION USING ERRCODE = '${OTHER_TABLE}', MESSAGE = ${quoteLiteral(`a partition was attached since the plan was made: ${names}`)};
  END IF;`
  const look = (variable: string) => `
  SELECT pg_catalog.count(*), pg_catalog.string_agg(w.prefix || pg_catalog.quote_ident(w.schema) || '.' || pg_catalog.quote_ident(w.name), ', ' ORDER BY w.oid)
    INTO found, ${variable}
    FROM (VALUES ${rows.join(', ')}) AS w(oid, schema, name, prefix)
    JOIN pg_catalog.pg_class c ON c.oid = w.oid AND c.relname = w.name AND c.relkind IN ('r', 'p')
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = w.schema;`
  const body = `DECLARE
  found bigint;
  names text;
  held text;
BEGIN${look('names')}
  IF names IS NOT NULL THEN
    EXECUTE 'LOCK TABLE ' || names || ' IN ACCESS EXCLUSIVE MODE';${look('held')}
  END IF;
  IF ${otherwise === 'fails' ? `found < ${tables.length} OR ` : ''}held IS DISTINCT FROM names THEN
    RAISE EXCEPTION USING ERRCODE = '${OTHER_TABLE}', MESSAGE = ${quoteLiteral(message)};
  END IF;${verb === 'TRUNCATE' ? '' : attached}
  IF names IS NOT NULL THEN EXECUTE '${verb} ' || names; END IF;
END`
  return `${MARK}DO ${quoteLiteral(body)};\n`
}

const MARK = '/* tables that stood there */ '
const SAID = /^\/\* tables that stood there \*\/ DO E?'(?:[^'\\]|''|\\.)*';\n/s

/** The statement without what is said first of tables that stood there. */
export function withoutVeryTables(sql: string): string {
  return sql.replace(SAID, '')
}
