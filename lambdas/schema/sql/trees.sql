-- Partitioned tables (11 and later) whose rows may belong to another partition on the destination: partitioned by the hash
-- of an enum, which hashes the label's OID and not the label. pg_dump forces --load-via-partition-root for the same ones.
WITH RECURSIVE unsafe AS (
  SELECT p.partrelid AS root
    FROM pg_catalog.pg_partitioned_table p
   WHERE p.partstrat = 'h'
     AND (SELECT oc.oid FROM pg_catalog.pg_opclass oc JOIN pg_catalog.pg_am am ON am.oid = oc.opcmethod
           WHERE oc.opcname = 'enum_ops' AND oc.opcnamespace = 'pg_catalog'::pg_catalog.regnamespace AND am.amname = 'hash')
         = ANY (p.partclass)
), tree AS (
  SELECT u.root, u.root AS member FROM unsafe u
  UNION ALL
  SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.member
)
SELECT t.root, pg_catalog.array_agg(t.member::pg_catalog.int8::text) AS leaves
  FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.member AND c.relkind = 'r'
 -- The topmost root of a tree takes the ones inside it along.
 WHERE NOT EXISTS (SELECT 1 FROM tree o WHERE o.member = t.root AND o.root <> t.root)
 GROUP BY t.root
