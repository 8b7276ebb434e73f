-- $1 [{"oid", "schema", "name", "kind", "columns"}]: relations of extensions of the source. What each finds of itself here.
SELECT r.oid::pg_catalog.int8::text AS oid, c.oid IS NOT NULL AND c.relkind::text = CASE r.kind WHEN 'sequence' THEN 'S' ELSE 'r' END AS there,
       ARRAY(SELECT w.name FROM pg_catalog.unnest(r.columns) AS w(name)
              WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                                 WHERE a.attrelid = c.oid AND a.attname::text = w.name AND NOT a.attisdropped
                                   AND COALESCE(pg_catalog.row_to_json(a) ->> 'attgenerated', '') = '')) AS lacking,
       ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
              WHERE r.kind = 'table' AND a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef
                AND COALESCE(pg_catalog.row_to_json(a) ->> 'attidentity', '') = '' AND a.attname::text <> ALL (r.columns)) AS needing,
       CASE WHEN c.oid IS NULL THEN '{}' ELSE ARRAY(
         SELECT w.name FROM pg_catalog.unnest(CASE r.kind WHEN 'sequence' THEN '{SELECT,UPDATE}' ELSE '{SELECT,INSERT,DELETE}' END::text[]) AS w(name)
          WHERE NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                     AND CASE r.kind WHEN 'sequence' THEN pg_catalog.has_sequence_privilege(c.oid, w.name)
                                     ELSE pg_catalog.has_table_privilege(c.oid, w.name) END)) END AS forbidden,
       COALESCE(c.relkind = 'r' AND pg_catalog.row_security_active(c.oid), false) AS secured
  FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS r(oid pg_catalog.oid, schema text, name text, kind text, columns text[])
  LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = r.schema
  LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = r.name AND c.relkind IN ('r', 'S')
