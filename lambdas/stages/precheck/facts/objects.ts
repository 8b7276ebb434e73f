import type { Session } from '../../../core/postgres/connect.ts'
import type { CheckContext } from '../context.ts'
import { isChosen } from './relations.ts'
import { notOfExtension, USER_SCHEMA } from './sql.ts'

/** An object whose name can clash with another's. */
export interface NamedObject {
  /** Which names must differ from each other. */
  readonly space: 'relation' | 'type' | 'function'
  /** PostgreSQL's word, for people. */
  readonly kind: string
  readonly schema: string
  readonly name: string
  /** "(integer, text)" for functions, empty otherwise. */
  readonly signature: string
  /** The table that an index or a sequence belongs to: it comes and goes with it. */
  readonly ownerSchema: string | null
  readonly ownerName: string | null
  /** A type or function, which goes with its schema. */
  readonly standsAlone: boolean
}

/**
 * Relations: an index under its table, a sequence under the table that owns it. Types: not the arrays and multiranges, which
 * make way by themselves, and not the row types, which are found as relations.
 */
function objectsSql(version: number, ofExtensions: boolean): string {
  const own = (catalogue: string) => (ofExtensions ? 'true' : notOfExtension(catalogue, 'o.oid'))
  return `
    SELECT 'relation' AS space,
           CASE o.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
             WHEN 'f' THEN 'foreign table' WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' WHEN 'c' THEN 'type'
             ELSE 'table' END AS kind,
           n.nspname AS schema, o.relname AS name, '' AS signature,
           tn.nspname AS "ownerSchema", t.relname AS "ownerName",
           o.relkind = 'c' AS "standsAlone"
      FROM pg_catalog.pg_class AS o JOIN pg_catalog.pg_namespace AS n ON n.oid = o.relnamespace
      LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = o.oid
      LEFT JOIN pg_catalog.pg_depend AS d ON o.relkind = 'S' AND d.objid = o.oid AND d.deptype IN ('a', 'i')
            AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
      LEFT JOIN pg_catalog.pg_class AS t ON t.oid = COALESCE(i.indrelid, d.refobjid)
      LEFT JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
     WHERE o.relpersistence <> 't' AND ${USER_SCHEMA} AND ${own('pg_class')}
       -- Of a composite type the type is the member, not the relation behind it.
       AND (o.relkind <> 'c' OR ${ofExtensions ? 'true' : notOfExtension('pg_type', 'o.reltype')})
    UNION ALL
    SELECT 'type', CASE o.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, n.nspname, o.typname, '', NULL, NULL, true
      FROM pg_catalog.pg_type AS o JOIN pg_catalog.pg_namespace AS n ON n.oid = o.typnamespace
     WHERE o.typtype IN ('b', 'd', 'e', 'r') AND ${USER_SCHEMA} AND ${own('pg_type')}
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e WHERE e.typarray = o.oid)
    UNION ALL
    SELECT 'function', ${version >= 110_000 ? "CASE o.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END" : "'function'"},
           n.nspname, o.proname, '(' || pg_catalog.oidvectortypes(o.proargtypes) || ')', NULL, NULL, true
      FROM pg_catalog.pg_proc AS o JOIN pg_catalog.pg_namespace AS n ON n.oid = o.pronamespace
     WHERE ${USER_SCHEMA} AND ${own('pg_proc')}
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS made WHERE made.deptype = 'i' AND made.objid = o.oid
            AND made.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass)`
}

/**
 * What the selection brings along: the chosen relations with their indexes, the rest where its whole schema is chosen. (A
 * function or type that a single chosen table needs is not found here; if its name is taken, creating it tells.)
 */
export async function sourceObjects(context: CheckContext): Promise<readonly NamedObject[]> {
  const [objects, chosen] = await Promise.all([readObjects(context.source, false), context.fact(isChosen)])
  return objects.filter((object) => {
    if (object.standsAlone) return context.selection.includesWholeSchema(object.schema)
    return chosen(object.ownerSchema ?? object.schema, object.ownerName ?? object.name)
  })
}

/** Everything that is there, members of extensions included: their names are taken too. */
export function destinationObjects(context: CheckContext): Promise<readonly NamedObject[]> {
  return readObjects(context.destination, true)
}

/** A relation's row type takes its name among the types as well. */
async function readObjects(session: Session, ofExtensions: boolean): Promise<readonly NamedObject[]> {
  const objects = await session.rows<NamedObject>(objectsSql(session.serverVersion, ofExtensions))
  return objects.flatMap((object): NamedObject[] => {
    const hasRowType = object.space === 'relation' && object.kind !== 'index' && object.kind !== 'sequence'
    return hasRowType ? [object, { ...object, space: 'type' }] : [object]
  })
}
