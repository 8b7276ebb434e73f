import type { Session } from '../../../core/postgres/connect.ts'
import { KEY_PAIRS, OF_PERIODS } from '../../../core/postgres/key-pairs.ts'

/** A constraint that holds on the source. */
export interface Constraint {
  readonly kind: 'foreign' | 'unique' | 'exclusion' | 'check' | 'not null'
  readonly name: string
  /** Oid of its table. */
  readonly table: number
  /** Of an index on expressions, a partial one or an exclusion: all that it looks at. */
  readonly columns: readonly string[]
  /** Oid of the table that a foreign key refers to; null of the others. */
  readonly parent: number | null
  /** The columns there, in pairs with `columns`. */
  readonly parentColumns: readonly string[]
  /** By which a parent's column is compared with a child's, or a row excludes another one: the SQL between the two. */
  readonly operators: readonly string[]
  /** The condition of a CHECK or of a partial index, as SQL. */
  readonly check: string | null
  /** What an index compares, as SQL of its columns; null where it is the columns themselves. */
  readonly keys: readonly string[] | null
}

/** Those of partitions are their root's (11 and later), and what is not validated is not checked on the destination either. */
const HELD = `k.convalidated AND COALESCE((pg_catalog.row_to_json(k) ->> 'conparentid')::pg_catalog.oid, 0) = 0
     AND COALESCE((pg_catalog.row_to_json(k) ->> 'conenforced')::pg_catalog.bool, true)`

const CONSTRAINTS = `
  SELECT 'foreign' AS kind, k.conname::text AS name, k.conrelid AS table, pairs.columns, k.confrelid AS parent,
         pairs."parentColumns", pairs.operators, NULL::text AS check, NULL::text[] AS keys
    FROM pg_catalog.pg_constraint AS k
   CROSS JOIN LATERAL (${KEY_PAIRS}) AS pairs
   -- Keys of periods (18) are no keys of equal values: of these nothing is foretold.
   WHERE k.contype = 'f' AND ${HELD} AND NOT ${OF_PERIODS}
     AND k.conrelid = ANY ($1::pg_catalog.oid[])
  UNION ALL
  SELECT 'unique', x.relname::text, i.indrelid, keys.columns, NULL, '{}', '{}', NULL, NULL
    FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
   CROSS JOIN LATERAL (
     SELECT pg_catalog.array_agg(a.attname::text ORDER BY u.place) AS columns
       FROM ROWS FROM (pg_catalog.unnest(i.indkey), pg_catalog.unnest(i.indclass)) WITH ORDINALITY AS u(own, class, place)
       JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = u.own
      WHERE u.class IS NOT NULL) AS keys
   WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT i.indisexclusion AND i.indrelid = ANY ($1::pg_catalog.oid[])
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits AS h WHERE h.inhrelid = i.indexrelid)
  UNION ALL
  SELECT CASE WHEN i.indisexclusion THEN 'exclusion' ELSE 'unique' END, x.relname::text, i.indrelid, used.columns, NULL, '{}',
         ARRAY(SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname)
                 FROM pg_catalog.pg_constraint AS k CROSS JOIN LATERAL pg_catalog.unnest(k.conexclop) WITH ORDINALITY AS u(operator, place)
                 JOIN pg_catalog.pg_operator AS o ON o.oid = u.operator JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace
                WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND i.indisexclusion ORDER BY u.place),
         pg_catalog.pg_get_expr(i.indpred, i.indrelid),
         ARRAY(SELECT pg_catalog.pg_get_indexdef(i.indexrelid, place, false)
                 FROM pg_catalog.generate_series(1, pg_catalog.array_length(i.indclass::pg_catalog.oid[], 1)) AS place ORDER BY place)
    FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
   CROSS JOIN LATERAL (
     SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) AS columns FROM pg_catalog.pg_attribute AS a
      WHERE a.attrelid = i.indrelid AND a.attnum > 0
        AND (a.attnum = ANY (i.indkey)
             OR EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid AND d.objsubid = 0
                           AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = i.indrelid
                           AND d.refobjsubid = a.attnum))) AS used
   WHERE i.indisvalid AND (i.indisexclusion OR i.indisunique AND (i.indpred IS NOT NULL OR i.indexprs IS NOT NULL))
     AND used.columns IS NOT NULL AND i.indrelid = ANY ($1::pg_catalog.oid[])
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits AS h WHERE h.inhrelid = i.indexrelid)
  UNION ALL
  SELECT 'check', k.conname::text, k.conrelid, keys.columns, NULL, '{}', '{}', pg_catalog.pg_get_expr(k.conbin, k.conrelid), NULL
    FROM pg_catalog.pg_constraint AS k
   CROSS JOIN LATERAL (
     SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) AS columns FROM pg_catalog.pg_attribute AS a
      WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) AS keys
   WHERE k.contype = 'c' AND k.conrelid <> 0 AND ${HELD} AND keys.columns IS NOT NULL AND k.conislocal AND k.conrelid = ANY ($1::pg_catalog.oid[])
  UNION ALL
  SELECT 'not null', 'NOT NULL', a.attrelid, ARRAY[a.attname::text], NULL, '{}', '{}', NULL, NULL
    FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
   WHERE a.attnotnull AND COALESCE((pg_catalog.row_to_json(c) ->> 'relispartition')::pg_catalog.bool, false) = false AND a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = ANY ($1::pg_catalog.oid[])`

/** Foreign keys, unique indexes, exclusions, CHECK and NOT NULL of these tables. */
export function readConstraints(source: Session, tables: readonly number[]): Promise<Constraint[]> {
  return source.rows<Constraint>(
    `SELECT * FROM (${CONSTRAINTS}) AS k ORDER BY k.table::pg_catalog.regclass::text, k.kind, k.name, k.columns`,
    [tables],
  )
}
