-- $1 run, $2 the stage that is at its end: index, or own, the last one. Materialized views may read each other where no dependency tells
-- it, through functions. What could not be filled is tried again, with what that blocked, when nothing else is left and others were
-- filled since: so it comes to an end. In the last stage whatever is not filled yet is tried, by its owner where that has been given.
WITH filled AS (
  SELECT count(*)::integer AS views FROM sampan.object
   WHERE run = $1 AND kind = 'MATERIALIZED VIEW DATA' AND status IN ('migrated', 'transformed')
), unfilled AS (
  SELECT o.id FROM sampan.object o
   WHERE o.run = $1 AND (o.stage = 'own' OR o.stage = 'index') AND (o.stage = $2 OR $2 = 'own') AND o.kind = 'MATERIALIZED VIEW DATA'
     AND (o.status = 'failed'
          OR o.status = 'blocked' AND EXISTS (
               SELECT 1 FROM sampan.object cause
                WHERE cause.run = o.run AND cause.id = o.blocked_by
                  AND cause.status = 'failed' AND cause.kind = 'MATERIALIZED VIEW DATA'))
), due AS (
  UPDATE sampan.run r SET fills_seen = filled.views FROM filled
   WHERE r.id = $1 AND r.copied_at IS NOT NULL AND r.fills_seen < filled.views AND EXISTS (SELECT 1 FROM unfilled)
     AND NOT EXISTS (SELECT 1 FROM sampan.object p WHERE p.run = $1 AND p.stage = $2 AND p.status = 'pending')
  RETURNING r.id
)
UPDATE sampan.object o
   SET status = 'pending', error_code = NULL, error_message = NULL, blocked_by = NULL, stage = $2,
       owner = CASE WHEN o.stage = $2 THEN o.owner ELSE COALESCE(
         (SELECT w.owner FROM sampan.object w
           WHERE w.run = o.run AND w.kind = 'OWNER' AND w.dependencies[1] = o.dependencies[1] AND w.status = 'migrated'), '') END
  FROM due, unfilled u WHERE o.run = due.id AND o.id = u.id
RETURNING o.id
