-- $1 oids of tables. The materialized views that read them, directly, through other views or through the tables that they are parts
-- or children of; with the names of the tables.
WITH RECURSIVE part AS (
  SELECT t.oid AS named, t.oid AS member FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS t(oid)
  UNION
  SELECT p.named, i.inhparent FROM part p JOIN pg_catalog.pg_inherits i ON i.inhrelid = p.member
), reads AS (
  SELECT DISTINCT r.ev_class AS view, d.refobjid AS relation
    FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d
      ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
     AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.ev_class
   WHERE r.rulename = '_RETURN' AND r.ev_class >= 16384
), deep AS (
  SELECT view, relation FROM reads
  UNION
  SELECT deep.view, reads.relation FROM deep JOIN reads ON reads.view = deep.relation
)
SELECT n.nspname::text AS schema, v.relname::text AS name,
       pg_catalog.array_agg(DISTINCT tn.nspname || '.' || t.relname ORDER BY tn.nspname || '.' || t.relname) AS tables
  FROM deep JOIN part p ON p.member = deep.relation
  JOIN pg_catalog.pg_class t ON t.oid = p.named JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
  JOIN pg_catalog.pg_class v ON v.oid = deep.view AND v.relkind = 'm' JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
 GROUP BY 1, 2 ORDER BY 1, 2
