-- Everything that takes up a name beside tables: relations of all kinds but TOAST, with the columns of those that have their own; what
-- an index or a sequence belongs to; what is an extension's.
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
       c.reloftype <> 0 AS typed,
       -- Of a composite type the type is the member.
       EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
                  AND (d.classid, d.objid) IN ((c.tableoid, c.oid), ('pg_catalog.pg_type'::pg_catalog.regclass, c.reltype))) AS member,
       COALESCE(i.indrelid, (SELECT d.refobjid FROM pg_catalog.pg_depend d
                              WHERE c.relkind = 'S' AND d.classid = c.tableoid AND d.objid = c.oid AND d.refclassid = c.tableoid
                                AND d.deptype IN ('a', 'i') LIMIT 1), 0) AS owner,
       held.type IS NOT NULL AS held,
       COALESCE(a.columns, '{}') AS columns, COALESCE(a.inherited, '{}') AS inherited,
       ARRAY(SELECT h.inhparent::pg_catalog.int8::text FROM pg_catalog.pg_inherits h
              WHERE h.inhrelid = c.oid AND c.relkind IN ('r', 'p', 'f') ORDER BY h.inhseqno) AS parents
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
  LEFT JOIN (SELECT a.attrelid, pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) AS columns,
                    pg_catalog.array_agg(a.attname::text) FILTER (WHERE a.attinhcount > 0) AS inherited
               FROM pg_catalog.pg_attribute a WHERE a.attnum > 0 AND NOT a.attisdropped GROUP BY a.attrelid) a
         ON a.attrelid = c.oid AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
  -- Row types, and arrays and domains of them, that columns elsewhere are of: one look at all columns, not one for each table.
  LEFT JOIN (SELECT DISTINCT x.type FROM pg_catalog.pg_attribute h JOIN pg_catalog.pg_class k ON k.oid = h.attrelid AND k.relkind IN ('r', 'p', 'f')
               JOIN pg_catalog.pg_type t ON t.oid = h.atttypid
              CROSS JOIN LATERAL (VALUES (t.oid), (t.typelem), (t.typbasetype)) AS x(type)
              WHERE NOT h.attisdropped AND h.attnum > 0 AND x.type >= 16384) held
         ON held.type = c.reltype AND c.relkind IN ('r', 'p', 'f')
 WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'i', 'I', 'c') AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'sampan')
 ORDER BY 2, 3
