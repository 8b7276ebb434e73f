-- $1 run. Materialized views may read each other where no dependency tells it, through functions. What could not be filled is tried
-- again, with what that blocked, when nothing else is left and others were filled since: so it comes to an end.
WITH filled AS (
  SELECT count(*)::integer AS views FROM sampan.object
   WHERE run = $1 AND stage = 'index' AND kind = 'MATERIALIZED VIEW DATA' AND status IN ('migrated', 'transformed')
), unfilled AS (
  SELECT o.id FROM sampan.object o
   WHERE o.run = $1 AND o.stage = 'index' AND o.kind = 'MATERIALIZED VIEW DATA'
     AND (o.status = 'failed'
          OR o.status = 'blocked' AND EXISTS (
               SELECT 1 FROM sampan.object cause
                WHERE cause.run = o.run AND cause.id = o.blocked_by
                  AND cause.status = 'failed' AND cause.kind = 'MATERIALIZED VIEW DATA'))
), due AS (
  UPDATE sampan.run r SET fills_seen = filled.views FROM filled
   WHERE r.id = $1 AND r.copied_at IS NOT NULL AND r.fills_seen < filled.views AND EXISTS (SELECT 1 FROM unfilled)
     AND NOT EXISTS (SELECT 1 FROM sampan.object p WHERE p.run = $1 AND p.stage = 'index' AND p.status = 'pending')
  RETURNING r.id
)
UPDATE sampan.object o SET status = 'pending', error_code = NULL, error_message = NULL, blocked_by = NULL
  FROM due, unfilled u WHERE o.run = due.id AND o.id = u.id
RETURNING o.id
