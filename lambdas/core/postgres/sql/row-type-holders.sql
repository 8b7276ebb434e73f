-- $1 oids of tables. Columns of tables whose values hold a row of one of these: in an array, a domain, a composite, a range, however deep.
-- What is generated is computed anew.
WITH RECURSIVE holds AS (
  SELECT c.reltype AS type, c.oid AS child FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::pg_catalog.oid[])
  UNION
  SELECT whole.type, h.child
    FROM holds h
   CROSS JOIN LATERAL (
     SELECT t.oid AS type FROM pg_catalog.pg_type t WHERE t.typtype = 'd' AND t.typbasetype = h.type
     UNION ALL SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typelem = h.type AND t.typlen = -1
     UNION ALL SELECT c.reltype FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
                WHERE a.atttypid = h.type AND a.attnum > 0 AND NOT a.attisdropped AND c.reltype <> 0
     UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngsubtype = h.type
     UNION ALL SELECT (pg_catalog.row_to_json(r) ->> 'rngmultitypid')::pg_catalog.oid FROM pg_catalog.pg_range r
                WHERE r.rngtypid = h.type AND pg_catalog.row_to_json(r) ->> 'rngmultitypid' IS NOT NULL
   ) whole
)
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, a.attname::text AS column, h.child
  FROM holds h
  JOIN pg_catalog.pg_attribute a ON a.atttypid = h.type AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE COALESCE(pg_catalog.row_to_json(a) ->> 'attgenerated', '') = ''
 ORDER BY 2, 3, a.attnum, h.child
