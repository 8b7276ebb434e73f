-- Tables that inherit and that are inherited from, their columns in the source's order. Partitions keep their own order: pg_dump makes
-- them as tables of their own, and attaches them. Members of extensions are made by their scripts.
SELECT c.oid,
       n.nspname::text AS schema,
       c.relname::text AS name,
       ARRAY(SELECT i.inhparent::pg_catalog.int8::text FROM pg_catalog.pg_inherits i
              WHERE i.inhrelid = c.oid ORDER BY i.inhseqno) AS parents,
       ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'f') AND n.nspname !~ '^pg_'
   AND c.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i UNION SELECT i.inhparent FROM pg_catalog.pg_inherits i)
   AND COALESCE(pg_catalog.row_to_json(c) ->> 'relispartition', 'false') = 'false'
   AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY 2, 3
