-- Tables that hold rows, or whose partitions do, with the partitioned tables above each (10 and later), the nearest first, and what each
-- inherits from otherwise (INHERITS), near and far.
WITH RECURSIVE above AS (
  SELECT i.inhrelid AS oid, i.inhparent AS parent, 1 AS distance
    FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'
  UNION ALL
  SELECT a.oid, i.inhparent, a.distance + 1
    FROM above a JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.parent
    JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'
), inherited AS (
  SELECT i.inhrelid AS oid, i.inhparent AS parent
    FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind IN ('r', 'f')
  UNION
  SELECT h.oid, i.inhparent
    FROM inherited h JOIN pg_catalog.pg_inherits i ON i.inhrelid = h.parent
    JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind IN ('r', 'f')
)
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind = 'p' AS partitioned,
       ARRAY(SELECT a.parent::pg_catalog.int8::text FROM above a WHERE a.oid = c.oid ORDER BY a.distance) AS above,
       ARRAY(SELECT h.parent::pg_catalog.int8::text FROM inherited h WHERE h.oid = c.oid ORDER BY h.parent) AS inherits
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 ORDER BY 2, 3
