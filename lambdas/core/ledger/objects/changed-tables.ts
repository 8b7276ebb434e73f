import type { Session } from '../../postgres/connect.ts'

/** A table whose rows were copied, and that does not have all of its columns any more, or is gone altogether. */
export interface ChangedTable {
  readonly schema: string
  readonly name: string
  /** Columns that are missing; empty: the table is. */
  readonly columns: readonly string[]
}

/** One question, whatever the number of tables. */
export function readChangedTables(destination: Session, run: string): Promise<ChangedTable[]> {
  return destination.rows<ChangedTable>(
    `WITH standing AS (
       SELECT n.nspname, c.relname, pg_catalog.array_agg(a.attname::text) AS columns
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'p') GROUP BY n.nspname, c.relname
     ), made AS (
       SELECT d.schema, d.name, d.columns FROM sampan.relation r CROSS JOIN LATERAL sampan.destination_of(r) d
         JOIN sampan.object o ON o.run = r.run AND o.id = r.object
        WHERE r.run = $1 AND r.oid <> 0 AND o.status IN ('migrated', 'transformed')
     )
     SELECT m.schema, m.name,
            CASE WHEN s.relname IS NULL THEN '{}'
                 ELSE ARRAY(SELECT x FROM pg_catalog.unnest(m.columns) x WHERE x <> ALL (s.columns)) END AS columns
       FROM made m LEFT JOIN standing s ON s.nspname = m.schema AND s.relname = m.name
      WHERE s.relname IS NULL OR NOT m.columns <@ s.columns ORDER BY 1, 2`,
    [run],
  )
}
