-- $1 oids of types: these and every type inside of them (what a domain stands on, elements, attributes, bounds), each once.
WITH RECURSIVE held(outside, type) AS (
  SELECT NULL::pg_catalog.oid, pg_catalog.unnest($1::pg_catalog.oid[])
  UNION
  SELECT h.type, i.type
    FROM held h JOIN pg_catalog.pg_type t ON t.oid = h.type
   CROSS JOIN LATERAL (
     SELECT t.typbasetype WHERE t.typtype = 'd'
     UNION ALL
     SELECT t.typelem WHERE t.typelem <> 0 AND t.typlen = -1
     UNION ALL
     SELECT a.atttypid FROM pg_catalog.pg_attribute a
      WHERE t.typrelid <> 0 AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
     UNION ALL
     -- Multiranges are of 14 and later.
     SELECT r.rngsubtype FROM pg_catalog.pg_range r
      WHERE t.typtype IN ('r', 'm')
        AND t.oid IN (r.rngtypid, (pg_catalog.row_to_json(r) ->> 'rngmultitypid')::pg_catalog.oid)
   ) i(type)
)
SELECT t.oid, n.nspname::text AS schema, t.typname::text AS name, t.typtype::text AS kind,
       t.typbasetype AS ground, pg_catalog.format_type(t.typbasetype, -1) AS "groundText",
       p.proname::text AS send, pn.nspname::text AS "sendSchema",
       ARRAY(SELECT h.type::bigint::text FROM held h WHERE h.outside = t.oid) AS inside,
       -- Of a type of its own; rows of a table may have other names on the destination.
       CASE WHEN c.relkind = 'c' THEN
         (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'type', a.atttypid::bigint) ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)::text
       END AS attributes,
       (SELECT x.extname::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
         WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e') AS extension
  FROM (SELECT DISTINCT h.type FROM held h) h
  JOIN pg_catalog.pg_type t ON t.oid = h.type
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
  LEFT JOIN pg_catalog.pg_proc p ON p.oid = t.typsend
  LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace
