import type { Session } from '../../../core/postgres/connect.ts'

/** An enum or a composite type that values of a table are made of, however deep inside them. */
export interface NamedType {
  readonly oid: number
  readonly kind: 'e' | 'c'
  /** As SQL names it. */
  readonly name: string
  /** The oids of the tables. */
  readonly relations: readonly number[]
}

/** @param source in the view, in which the types are looked for @param relations oids of tables */
export async function readNamedTypes(source: Session, relations: readonly number[]): Promise<NamedType[]> {
  const multiranges = `UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngmultitypid = t.oid`
  return source.rows<NamedType>(
    `WITH RECURSIVE used AS (
       SELECT a.attrelid AS relation, a.atttypid AS type FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = ANY ($1::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid >= 16384
       UNION
       SELECT u.relation, part.type FROM used u JOIN pg_catalog.pg_type t ON t.oid = u.type
         CROSS JOIN LATERAL (
           SELECT t.typbasetype WHERE t.typtype = 'd' UNION ALL SELECT t.typelem
           UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid
           ${source.serverVersion >= 140_000 ? multiranges : ''}
           UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
                      WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
         ) AS part(type) WHERE part.type >= 16384
     )
     SELECT t.oid, t.typtype::text AS kind, pg_catalog.format_type(t.oid, NULL) AS name,
            pg_catalog.json_agg(u.relation::bigint) AS relations
       FROM used u JOIN pg_catalog.pg_type t ON t.oid = u.type WHERE t.typtype IN ('e', 'c') GROUP BY t.oid, t.typtype`,
    [relations],
  )
}

/**
 * Answers a row where the type prints its values otherwise than in the view. No lock keeps an enum's labels or the attributes of a
 * composite type as they are; behind the COPYs, what has changed before a value was read is seen.
 */
export function changedTypeSql({ oid, kind, name }: NamedType): string {
  return kind === 'e' ? changedLabels(oid, name) : changedAttributes(oid, name)
}

/** An enum's value is known by the hash of its oid, which does not change with its label; labels that were added change nothing. */
function changedLabels(oid: number, name: string): string {
  return `SELECT 1 FROM pg_catalog.pg_enum e WHERE e.enumtypid = ${oid} AND NOT EXISTS (
      SELECT FROM pg_catalog.unnest(pg_catalog.enum_range(NULL::${name})) v
       WHERE pg_catalog.format('%s', v) = e.enumlabel::text AND pg_catalog.hashenum(v) = pg_catalog.hashoid(e.oid))`
}

/** Attributes that went or were renamed by their numbers, those that were added by how many there are. */
function changedAttributes(oid: number, name: string): string {
  return `SELECT 1 FROM pg_catalog.pg_type t
      JOIN pg_catalog.pg_class c ON c.oid = t.typrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE t.oid = ${oid}
    HAVING pg_catalog.bool_or(${COLUMN_CHANGED}) OR pg_catalog.count(a.attnum) <> (
      SELECT pg_catalog.count(*) FROM pg_catalog.json_object_keys(pg_catalog.row_to_json(ROW((NULL::${name}).*))))`
}

/**
 * Whether the column `a` of the relation `c` in the schema `n`, rows of the view's catalogue, has another name by now, or another
 * column has its number: a dropped one keeps that, under a name of its own. The server's functions answer as of now, whatever
 * the view is. To be asked only of a relation that is still there.
 */
export const COLUMN_CHANGED = `(SELECT o.identity FROM pg_catalog.pg_identify_object(
  'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, a.attnum) o) IS DISTINCT FROM pg_catalog.format('%I.%I.%I', n.nspname, c.relname, a.attname)`
