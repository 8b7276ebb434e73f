-- $1 schemas, $2 tables, $3 columns, one beside the other: what keeps each of them from being dropped (deptype n; what goes with it has
-- another beside it), with the relation that it belongs to. A column that is among them as well does not count.
WITH asked AS (
  SELECT c.oid, a.attnum, q.schema, q.name, q.column
    FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) AS q(schema, name, "column")
    JOIN pg_catalog.pg_namespace n ON n.nspname = q.schema
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = q.name
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = q.column
)
SELECT DISTINCT k.schema, k.name, k.column, d.classid, d.objid,
       pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) AS what,
       rn.nspname::text AS "ofSchema", rc.relname::text AS "ofName"
  FROM asked k
  JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = k.oid AND d.refobjsubid = k.attnum
   AND d.deptype = 'n'
  LEFT JOIN pg_catalog.pg_rewrite w ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND w.oid = d.objid
  LEFT JOIN pg_catalog.pg_trigger t ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND t.oid = d.objid
  LEFT JOIN pg_catalog.pg_constraint x ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND x.oid = d.objid
  LEFT JOIN pg_catalog.pg_attrdef f ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND f.oid = d.objid
  LEFT JOIN pg_catalog.pg_class rc ON rc.oid = COALESCE(w.ev_class, t.tgrelid, NULLIF(x.conrelid, 0), f.adrelid,
                                                         CASE WHEN d.classid = d.refclassid THEN d.objid END)
  LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.objsubid = d.objsubid
                      AND e.refclassid = d.refclassid AND e.refobjid = d.refobjid AND e.refobjsubid = d.refobjsubid AND e.deptype IN ('a', 'i'))
   AND NOT EXISTS (SELECT FROM asked o WHERE o.oid = f.adrelid AND o.attnum = f.adnum)
   AND NOT EXISTS (SELECT FROM asked o WHERE d.classid = d.refclassid AND o.oid = d.objid AND o.attnum = d.objsubid)
 ORDER BY 1, 2, 3, 6
