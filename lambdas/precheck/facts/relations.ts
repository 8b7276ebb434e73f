import type { CheckContext } from '../context.ts'
import { notOfExtension, USER_SCHEMA } from './sql.ts'

/** A relation of the source that a user made. */
export interface SourceRelation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** pg_class.relkind: r table, p partitioned table, v view, m materialized view, S sequence, f foreign table. */
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'S' | 'f'
  /** pg_class.relpersistence. */
  readonly persistence: 'p' | 'u' | 't'
  /** Has a primary key or a unique index. */
  readonly hasKey: boolean
}

const SQL = `
  SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, c.relpersistence::text AS persistence,
         EXISTS (SELECT FROM pg_catalog.pg_index AS i
                  WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL) AS "hasKey"
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE c.relkind = ANY ('{r,p,v,m,S,f}'::pg_catalog."char"[]) AND c.relpersistence <> 't' AND ${USER_SCHEMA}
     AND ${notOfExtension('pg_class', 'c.oid')}
   ORDER BY n.nspname, c.relname`

/** All relations of the source database, chosen or not. */
export function sourceRelations(context: CheckContext): Promise<readonly SourceRelation[]> {
  return context.source.rows<SourceRelation>(SQL)
}

/** Those of the selection. */
export async function chosenRelations(context: CheckContext): Promise<readonly SourceRelation[]> {
  const relations = await context.fact(sourceRelations)
  return relations.filter((relation) => context.selection.includesTable(relation.schema, relation.name))
}
