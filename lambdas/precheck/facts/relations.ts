import type { CheckContext } from '../context.ts'
import { chooseRelations } from './choose.ts'
import type { SourceRelation, Tie } from './source-relation.ts'
import { notOfExtension, USER_SCHEMA } from './sql.ts'

const RELATIONS = `
  SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, c.relpersistence::text AS persistence,
         EXISTS (SELECT FROM pg_catalog.pg_index AS i
                  WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL) AS "hasKey"
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relpersistence <> 't' AND ${USER_SCHEMA}
     AND ${notOfExtension('pg_class', 'c.oid')}
   ORDER BY n.nspname, c.relname`

/** Views and what they read, children and parents, tables and their sequences. */
function tiesSql(version: number): string {
  const isPartition = version >= 100_000 ? 'c.relispartition' : 'false'
  return `
    SELECT r.ev_class AS from, d.refobjid AS to, 'needs' AS kind
      FROM pg_catalog.pg_rewrite AS r JOIN pg_catalog.pg_depend AS d ON d.objid = r.oid
     WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.rulename = '_RETURN' AND r.ev_class >= 16384
       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.ev_class
    UNION
    SELECT CASE WHEN ${isPartition} THEN i.inhparent ELSE i.inhrelid END,
           CASE WHEN ${isPartition} THEN i.inhrelid ELSE i.inhparent END,
           CASE WHEN ${isPartition} THEN 'part' ELSE 'needs' END
      FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
     WHERE c.relkind IN ('r', 'p', 'f')
    UNION
    SELECT d.refobjid, d.objid, 'owns'
      FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_class AS s ON s.oid = d.objid
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') AND s.relkind = 'S'
       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    UNION
    SELECT a.adrelid, d.refobjid, 'needs'
      FROM pg_catalog.pg_attrdef AS a JOIN pg_catalog.pg_depend AS d ON d.objid = a.oid
      JOIN pg_catalog.pg_class AS s ON s.oid = d.refobjid
     WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND s.relkind = 'S'
       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass`
}

/** All relations of the source database, chosen or not. */
export function sourceRelations(context: CheckContext): Promise<readonly SourceRelation[]> {
  return context.source.rows<SourceRelation>(RELATIONS)
}

/** Those of the selection: what the patterns name, and what that needs. */
export async function chosenRelations(context: CheckContext): Promise<readonly SourceRelation[]> {
  const [relations, ties] = await Promise.all([
    context.fact(sourceRelations),
    context.source.rows<Tie>(tiesSql(context.source.serverVersion)),
  ])
  return chooseRelations(relations, ties, context.selection)
}

/** Tells whether a relation is of the selection. */
export async function isChosen(context: CheckContext): Promise<(schema: string, name: string) => boolean> {
  const keys = new Set((await context.fact(chosenRelations)).map(({ schema, name }) => keyOf(schema, name)))
  return (schema, name) => keys.has(keyOf(schema, name))
}

function keyOf(schema: string, name: string): string {
  return JSON.stringify([schema, name])
}
