import type { Session } from '../postgres/connect.ts'
import { sqlFile } from '../postgres/sql-file.ts'

const RELATIONS = sqlFile(new URL('./sql/catalogue.sql', import.meta.url))

/** Types by themselves: row types are found as relations, those of arrays step aside by themselves. */
const TYPES = `
  SELECT n.nspname::text AS schema, t.typname::text AS name
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
   WHERE t.typtype IN ('b', 'd', 'e', 'r', 'm') AND t.typrelid = 0 AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'sampan')
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
   ORDER BY 1, 2`

/**
 * Schemas, with the extensions that have made them, or have tables of configuration in them: their rows are found by the names that
 * they have on the source. Other extensions are made where their schema is.
 */
const SCHEMAS = `
  SELECT n.nspname::text AS name,
         ARRAY(SELECT x.extname::text FROM pg_catalog.pg_extension x
                WHERE x.extnamespace = n.oid AND x.extconfig IS NOT NULL
                   OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'e' AND d.classid = n.tableoid AND d.objid = n.oid
                                 AND d.refobjid = x.oid) ORDER BY 1) AS extensions
    FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'sampan') ORDER BY 1`

/** A relation of the source, whatever its kind. */
export interface NamedRelation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** `relkind` */
  readonly kind: string
  /** A table OF a type, whose columns are the type’s. */
  readonly typed: boolean
  /** An extension’s. */
  readonly member: boolean
  /** The table that an index or a sequence belongs to; 0: none. */
  readonly owner: number
  readonly columns: readonly string[]
  /** Those of its columns that come from a parent. */
  readonly inherited: readonly string[]
  readonly parents: readonly number[]
  /** Its rows are values of a column elsewhere. */
  readonly held: boolean
}

/** The names of the source’s database. */
export interface NameCatalogue {
  readonly relations: readonly NamedRelation[]
  readonly types: readonly { readonly schema: string; readonly name: string }[]
  readonly schemas: readonly { readonly name: string; readonly extensions: readonly string[] }[]
}

/** Three questions, whatever the number of objects. */
export async function readNames(source: Session): Promise<NameCatalogue> {
  const relations = await source.rows<Omit<NamedRelation, 'parents'> & { parents: readonly string[] }>(RELATIONS)
  const types = await source.rows<NameCatalogue['types'][number]>(TYPES)
  const schemas = await source.rows<NameCatalogue['schemas'][number]>(SCHEMAS)
  return { relations: relations.map((one) => ({ ...one, parents: one.parents.map(Number) })), types, schemas }
}
