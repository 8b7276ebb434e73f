import { quoteIdentifier, quoteQualified } from '../../../core/postgres/identifiers.ts'
import { type Check, count, findingOf } from '../check.ts'
import type { CheckContext } from '../context.ts'
import { chosenTables } from '../facts/chosen.ts'
import { largeObjectsCome } from '../facts/large-objects.ts'
import { sourceRole } from '../facts/role.ts'
import { notOfExtension, USER_SCHEMA } from '../facts/sql.ts'

interface MissingRow {
  readonly schema: string
  readonly name: string
  readonly kind: 'r' | 'S'
  readonly usage: boolean
  readonly selectable: boolean
}

/** Tables whose rows, and sequences whose values the account may not read. The right on every column does as well. */
const TABLES = `
  SELECT * FROM (
    SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
           pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usage,
           CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
                ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') OR (
                  SELECT COALESCE(pg_catalog.bool_and(pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')), false)
                    FROM pg_catalog.pg_attribute AS a
                   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) END AS selectable
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'S') AND c.relpersistence <> 't' AND ${USER_SCHEMA}
       AND ${notOfExtension('pg_class', 'c.oid')}
  ) AS candidate
  WHERE NOT (usage AND selectable) ORDER BY 1, 2`

/** Large objects of other owners without a grant to the account or to everybody. */
const LARGE_OBJECTS = `
  SELECT l.oid FROM pg_catalog.pg_largeobject_metadata AS l
   WHERE NOT pg_catalog.pg_has_role(l.lomowner, 'USAGE') AND NOT EXISTS (
     SELECT FROM pg_catalog.aclexplode(l.lomacl) AS acl WHERE acl.privilege_type = 'SELECT'
        AND (acl.grantee = 0 OR pg_catalog.pg_has_role(acl.grantee, 'USAGE')))
   ORDER BY l.oid LIMIT 1000`

export const sourceRights: Check = {
  code: 'SRC_RIGHTS_MISSING',
  side: 'source',
  level: 'error',
  scope: 'database',
  needs: ['source'],
  title: 'the account may read every chosen object of the source',
  cause: 'the account lacks USAGE on schemas or SELECT on tables, sequences or large objects to be migrated',
  remedy: 'run the GRANT statements listed, as the owner of the objects, or choose fewer objects',
  async run(context) {
    const [tables, largeObjects, role] = await Promise.all([
      chosenTables<MissingRow>(context, TABLES),
      unreadableLargeObjects(context),
      context.fact(sourceRole),
    ])
    const to = `TO ${quoteIdentifier(role.name)}`
    const schemas = new Set(tables.filter((row) => !row.usage).map((row) => row.schema))
    const grants = [
      ...[...schemas].map((schema) => `GRANT USAGE ON SCHEMA ${quoteIdentifier(schema)} ${to}`),
      ...tables
        .filter((row) => !row.selectable)
        .map(({ kind, schema, name }) => {
          return `GRANT SELECT ON ${kind === 'S' ? 'SEQUENCE' : 'TABLE'} ${quoteQualified(schema, name)} ${to}`
        }),
      ...largeObjects.map((oid) => `GRANT SELECT ON LARGE OBJECT ${oid} ${to}`),
    ]
    return findingOf(grants, (number) => `${role.name} lacks ${count(number, 'right')} on the source`)
  },
}

async function unreadableLargeObjects(context: CheckContext): Promise<readonly number[]> {
  if (!(await context.fact(largeObjectsCome))) return []
  const rows = await context.source.rows<{ oid: number }>(LARGE_OBJECTS)
  return rows.map((row) => row.oid)
}
