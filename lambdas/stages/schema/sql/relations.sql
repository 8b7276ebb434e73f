-- $1 oids of tables. Facts about each table whose rows are copied, on servers from 9.4: columns that later versions added to
-- the catalogue are read through JSON.
SELECT c.oid,
       n.nspname::text AS schema,
       c.relname::text AS name,
       c.relkind = 'p' AS partitioned,
       c.relam IN (0, 2) AS heap,
       COALESCE(k.columns, '{}') AS columns,
       COALESCE(k.types, '{}') AS types,
       EXISTS (
         SELECT 1 FROM pg_catalog.pg_index i
          WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
            AND (i.indisprimary
                 OR i.indisunique AND NOT EXISTS (
                      SELECT 1 FROM pg_catalog.pg_attribute a
                       WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey) AND NOT a.attnotnull))
       ) AS "hasKey",
       (size.main + COALESCE(pg_catalog.pg_relation_size(c.reltoastrelid), 0))::float8 AS bytes,
       -- Pages mean rows in a heap only (access method 2; before 12 there is no other, and relam is 0).
       CASE WHEN c.relam IN (0, 2)
            THEN (size.main / pg_catalog.current_setting('block_size')::pg_catalog.int8)::float8
            ELSE 0 END AS pages
  FROM pg_catalog.pg_class c
  -- Two files for each table, rows and TOAST; pg_table_size would look at a dozen.
  CROSS JOIN LATERAL (SELECT pg_catalog.pg_relation_size(c.oid) AS main OFFSET 0) size
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN (
    SELECT a.attrelid,
           pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) AS columns,
           pg_catalog.array_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS types
      FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = ANY ($1::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped
       -- What is generated has a default; JSON is made of those few only.
       AND (NOT a.atthasdef OR COALESCE(pg_catalog.row_to_json(a) ->> 'attgenerated', '') = '')
     GROUP BY a.attrelid
  ) k ON k.attrelid = c.oid
 WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND c.relkind IN ('r', 'p')
