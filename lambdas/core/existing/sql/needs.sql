-- $1 oids of tables. The types, functions and sequences that they cannot be without, directly or through each other.
WITH RECURSIVE part(classid, objid) AS (
  SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, t.oid FROM pg_catalog.unnest($1::oid[]) AS t(oid)
  UNION
  -- Defaults, keys, indexes, triggers, policies, rules and the sequences of columns go with their table.
  SELECT d.classid, d.objid FROM part p
    JOIN pg_catalog.pg_depend d ON d.refclassid = p.classid AND d.refobjid = p.objid AND d.deptype IN ('a', 'i')
), reached(classid, objid) AS (
  SELECT p.classid, p.objid FROM part p
  UNION
  SELECT below.classid, below.objid FROM reached r CROSS JOIN LATERAL (
    SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend d
     WHERE d.classid = r.classid AND d.objid = r.objid AND d.refobjid >= 16384
       AND (d.refclassid IN ('pg_catalog.pg_type'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass)
            OR d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
               AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = d.refobjid AND c.relkind IN ('S', 'c')))
    UNION ALL
    -- The relation behind a composite type depends on the type, not the type on it; the relation has the types of its fields.
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, c.oid
      FROM pg_catalog.pg_type t JOIN pg_catalog.pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
     WHERE r.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = r.objid) AS below(classid, objid)
)
SELECT 'relation' AS space, n.nspname::text AS schema, c.relname::text AS name, '' AS signature
  FROM reached r JOIN pg_catalog.pg_class c ON c.oid = r.objid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE r.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.relkind IN ('S', 'c')
UNION
SELECT 'type', n.nspname::text, t.typname::text, ''
  FROM reached r JOIN pg_catalog.pg_type t ON t.oid = r.objid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
 WHERE r.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c')
UNION
SELECT 'function', n.nspname::text, f.proname::text, '(' || pg_catalog.oidvectortypes(f.proargtypes) || ')'
  FROM reached r JOIN pg_catalog.pg_proc f ON f.oid = r.objid JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
 WHERE r.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
 ORDER BY 1, 2, 3, 4
