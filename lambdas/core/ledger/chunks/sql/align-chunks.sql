-- $1 run. The copy's plan follows the objects: a table that could not be made has nothing to copy, and one that was made in a
-- later start of the run gets its rows in one chunk. Looked up in arrays and hashed lists: joins of tables that nobody has analyzed
-- yet would be the square of the number of tables.
WITH made AS (
  SELECT r.oid, r.bytes, o.status IN ('migrated', 'transformed') AS exists
    FROM sampan.relation r JOIN sampan.object o ON o.run = r.run AND o.id = r.object WHERE r.run = $1
), dropped AS (
  DELETE FROM sampan.chunk c
   WHERE c.run = $1 AND c.relation = ANY (ARRAY(SELECT m.oid FROM made m WHERE NOT m.exists))
), missing AS (
  SELECT m.oid, m.bytes FROM made m
   WHERE m.exists AND m.oid NOT IN (SELECT c.relation FROM sampan.chunk c WHERE c.run = $1)
     AND EXISTS (SELECT 1 FROM sampan.run r WHERE r.id = $1 AND r.copy_planned_at IS NOT NULL)
), added AS (
  INSERT INTO sampan.chunk (run, id, relation, kind, bytes)
  SELECT $1, (SELECT COALESCE(max(id), 0) FROM sampan.chunk WHERE run = $1)
             + pg_catalog.row_number() OVER (ORDER BY m.oid)::integer, m.oid, 'whole', m.bytes
    FROM missing m RETURNING run
)
UPDATE sampan.run SET copied_at = NULL, copy_ended_at = NULL WHERE id IN (SELECT run FROM added)
