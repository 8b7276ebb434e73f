-- $1 oids of tables. The columns of each, with the type that the domains of a column stand on: its own modifier, or that of the domain.
WITH RECURSIVE ground AS (
  SELECT a.attrelid, a.attnum, a.atttypid AS type, a.atttypmod AS modifier
    FROM pg_catalog.pg_attribute a
   WHERE a.attrelid = ANY ($1::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT g.attrelid, g.attnum, t.typbasetype, t.typtypmod
    FROM ground g JOIN pg_catalog.pg_type t ON t.oid = g.type
   WHERE t.typtype = 'd'
)
SELECT g.attrelid AS relation,
       a.attname::text AS name,
       COALESCE(j.a ->> 'attgenerated', '') <> '' AS generated,
       g.type,
       g.modifier,
       n.nspname = 'pg_catalog' AS own,
       t.typname::text AS "typeName",
       pg_catalog.format_type(g.type, -1) AS "plainType",
       pg_catalog.format_type(g.type, CASE WHEN g.modifier >= 0 THEN g.modifier ELSE -1 END) AS "wholeType"
  FROM ground g
  JOIN pg_catalog.pg_attribute a ON a.attrelid = g.attrelid AND a.attnum = g.attnum
  JOIN pg_catalog.pg_type t ON t.oid = g.type AND t.typtype <> 'd'
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
 CROSS JOIN LATERAL (SELECT CASE WHEN a.atthasdef THEN pg_catalog.row_to_json(a) END AS a) j
 ORDER BY g.attrelid, g.attnum
