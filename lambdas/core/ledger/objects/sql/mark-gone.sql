-- $1 run, $2 ids of objects that have their receipts and are gone from the destination, $3 kinds that are looked up by name, $4 the
-- code. They have failed from now on, and what is only said of them is blocked with them: the next start makes them anew, and copies
-- the rows of tables again. Not where a partition is gone whose rows travelled through its root, and the root is not: they cannot be
-- told from the others'.
WITH RECURSIVE gone AS (
  SELECT o.id, o.kind, o.schema, o.name, o.sql FROM sampan.object o WHERE o.run = $1 AND o.id = ANY ($2::integer[])
), own AS (
  SELECT r.object AS id FROM sampan.relation r WHERE r.run = $1
), above AS (
  -- Partitions without rows of their own, with all that they are partitions of.
  SELECT g.id AS leaf, g.id, g.schema, g.name FROM gone g
   WHERE g.kind = 'TABLE' AND g.sql !~ '\mPARTITION BY\M' AND g.id NOT IN (SELECT w.id FROM own w WHERE w.id IS NOT NULL)
  UNION ALL
  SELECT b.leaf, p.id, p.schema, p.name FROM above b
    JOIN sampan.object a ON a.run = $1 AND a.kind = 'TABLE ATTACH' AND a.schema IS NOT DISTINCT FROM b.schema AND a.name = b.name
    JOIN sampan.object p ON p.run = $1 AND p.kind = 'TABLE' AND p.id = ANY (a.dependencies) AND p.id <> b.id
), lost AS (
  SELECT 1 FROM above b GROUP BY b.leaf
  HAVING pg_catalog.count(*) > 1
     AND NOT pg_catalog.bool_or(b.id IN (SELECT g.id FROM gone g) AND b.id IN (SELECT w.id FROM own w WHERE w.id IS NOT NULL))
  UNION ALL
  SELECT 1 FROM gone g
   WHERE EXISTS (SELECT FROM sampan.object d WHERE d.run = $1 AND d.kind = 'TABLE DATA' AND g.id = ANY (d.dependencies))
), follower AS (
  SELECT o.id, min(g.id) AS cause FROM sampan.object o JOIN gone g ON g.id = ANY (o.dependencies)
   WHERE o.run = $1 AND o.status IN ('migrated', 'transformed') AND o.kind <> ALL ($3::text[])
     AND o.id NOT IN (SELECT g.id FROM gone g) GROUP BY o.id
), marked AS (
  UPDATE sampan.object o
     SET status = CASE WHEN f.id IS NULL THEN 'failed' ELSE 'blocked' END, blocked_by = f.cause,
         error_code = CASE WHEN f.id IS NULL THEN $4 END,
         error_message = CASE WHEN f.id IS NULL THEN 'somebody else has dropped it on the destination' END,
         built_at = NULL, finished_at = NULL
    FROM (SELECT g.id FROM gone g UNION ALL SELECT f.id FROM follower f) touched LEFT JOIN follower f ON f.id = touched.id
   WHERE NOT EXISTS (SELECT FROM lost) AND o.run = $1 AND o.id = touched.id RETURNING o.id
), parts AS (
  DELETE FROM sampan.key_part p WHERE p.run = $1 AND p.object IN (SELECT m.id FROM marked m)
), uncopied AS (
  DELETE FROM sampan.chunk c
   WHERE c.run = $1 AND c.relation IN (
           SELECT r.oid FROM sampan.relation r JOIN marked m ON m.id = r.object WHERE r.run = $1 AND r.oid <> 0)
), unanalyzed AS (
  UPDATE sampan.relation r SET analyzed_at = NULL FROM marked m WHERE r.run = $1 AND r.object = m.id
)
SELECT NOT EXISTS (SELECT FROM lost) AS again
