-- Columns that inherit, have no default, and would get an ancestor's. Partitions are made apart from their parents and attached,
-- by which they take no default.
WITH RECURSIVE above(child, ancestor) AS (
  SELECT h.inhrelid, h.inhparent FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid
   WHERE c.relkind IN ('r', 'f') AND COALESCE(pg_catalog.to_json(c) ->> 'relispartition', 'false') = 'false'
  UNION
  SELECT a.child, h.inhparent FROM above a JOIN pg_catalog.pg_inherits h ON h.inhrelid = a.ancestor
)
SELECT o.attrelid AS oid, pg_catalog.array_agg(o.attname::text ORDER BY o.attnum) AS columns
  FROM pg_catalog.pg_attribute o
 WHERE o.attinhcount > 0 AND NOT o.atthasdef AND NOT o.attisdropped
   AND EXISTS (SELECT FROM above a JOIN pg_catalog.pg_attribute p ON p.attrelid = a.ancestor AND p.attname = o.attname
                WHERE a.child = o.attrelid AND p.atthasdef AND COALESCE(pg_catalog.to_json(p) ->> 'attgenerated', '') = '')
 GROUP BY o.attrelid
