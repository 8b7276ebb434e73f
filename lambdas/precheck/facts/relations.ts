import type { CheckContext } from '../context.ts'
import { type Choice, chooseRelations } from './choose.ts'
import { relationNeeds } from './needs.ts'
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

/** Children and parents, partitioned tables and their partitions, tables and their sequences. */
function tiesSql(version: number): string {
  const isPartition = version >= 100_000 ? 'c.relispartition' : 'false'
  return `
    SELECT CASE WHEN ${isPartition} THEN i.inhparent ELSE i.inhrelid END AS from,
           CASE WHEN ${isPartition} THEN i.inhrelid ELSE i.inhparent END AS to,
           CASE WHEN ${isPartition} THEN 'part' ELSE 'needs' END AS kind
      FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
     WHERE c.relkind IN ('r', 'p', 'f')
    UNION
    SELECT d.refobjid, d.objid, 'owns'
      FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_class AS s ON s.oid = d.objid
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') AND s.relkind = 'S'
       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass`
}

/** All relations of the source database, chosen or not. */
export function sourceRelations(context: CheckContext): Promise<readonly SourceRelation[]> {
  return context.source.rows<SourceRelation>(RELATIONS)
}

/** Those of the selection: what the patterns name, and what that needs. */
export async function chosenRelations(context: CheckContext): Promise<readonly SourceRelation[]> {
  return (await context.fact(choice)).chosen
}

/** What the patterns bring along, and what of it cannot come. */
export async function choice(context: CheckContext): Promise<Choice> {
  const [relations, ties, needs] = await Promise.all([
    context.fact(sourceRelations),
    context.source.rows<Tie>(tiesSql(context.source.serverVersion)),
    relationNeeds(context),
  ])
  return chooseRelations(relations, [...ties, ...needs], context.selection)
}

/** Tells whether a relation is of the selection. */
export async function isChosen(context: CheckContext): Promise<(schema: string, name: string) => boolean> {
  const keys = new Set((await context.fact(chosenRelations)).map(({ schema, name }) => keyOf(schema, name)))
  return (schema, name) => keys.has(keyOf(schema, name))
}

function keyOf(schema: string, name: string): string {
  return JSON.stringify([schema, name])
}
