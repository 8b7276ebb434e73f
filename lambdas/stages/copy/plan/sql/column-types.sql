-- The base type of every column of the given tables: domains are followed to their ground, arrays name their element.
WITH RECURSIVE ground AS (
  SELECT a.attrelid, a.attnum, a.attname, a.atttypid AS type, false AS domain
    FROM pg_catalog.pg_attribute a
   WHERE a.attrelid = ANY ($1::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT g.attrelid, g.attnum, g.attname, t.typbasetype, true
    FROM ground g JOIN pg_catalog.pg_type t ON t.oid = g.type
   WHERE t.typtype = 'd'
)
SELECT g.attrelid AS relation,
       g.attname::text AS name,
       g.domain,
       n.nspname::text AS "typeSchema",
       t.typname::text AS type,
       t.typtype::text AS kind,
       t.oid AS ground,
       pg_catalog.format_type(t.oid, -1) AS "typeText",
       p.proname::text AS send,
       pn.nspname::text AS "sendSchema",
       t.typreceive <> 0 AS receives,
       CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN e.typname::text END AS element,
       CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN en.nspname::text END AS "elementSchema",
       CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN e.typtype::text END AS "elementKind",
       x.extname::text AS extension,
       x.extversion AS "extensionVersion"
  FROM ground g
  JOIN pg_catalog.pg_type t ON t.oid = g.type AND t.typtype <> 'd'
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_proc p ON p.oid = t.typsend
  LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace
  LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
  LEFT JOIN pg_catalog.pg_namespace en ON en.oid = e.typnamespace
  LEFT JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e'
  LEFT JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
 ORDER BY g.attrelid, g.attnum
