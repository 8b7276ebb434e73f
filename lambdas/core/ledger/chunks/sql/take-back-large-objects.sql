-- $1 run, $2 chunks of large objects. The copy goes on with them, and rights, comments and owners of large objects are given once more:
-- those of one that was removed went with it.
WITH open AS (
  UPDATE sampan.chunk c SET state = 'pending', generation = NULL, rows = NULL, digest = NULL, copied_bytes = NULL
   WHERE c.run = $1 AND c.relation = 0 AND c.id = ANY ($2::integer[]) RETURNING c.run
), said AS (
  UPDATE sampan.object o SET status = 'pending', built_at = NULL, finished_at = NULL
   WHERE o.run = $1 AND o.status IN ('migrated', 'transformed') AND o.schema IS NULL
     AND o.kind IN ('ACL', 'COMMENT', 'SECURITY LABEL', 'OWNER') AND o.name ~ '^LARGE OBJECTS? [0-9]'
)
UPDATE sampan.run r SET copied_at = NULL, copy_ended_at = NULL WHERE r.id IN (SELECT o.run FROM open o)
