-- $1 run. A run that is started again tries once more what failed, and what that blocked. What is blocked by an object that
-- is left behind for good stays so.
UPDATE sampan.object o
   SET status = 'pending', error_code = NULL, error_message = NULL, blocked_by = NULL
 WHERE o.run = $1
   AND (o.status = 'failed'
        OR o.status = 'blocked' AND NOT EXISTS (
             SELECT 1 FROM sampan.object cause
              WHERE cause.run = o.run AND cause.id = o.blocked_by AND cause.status = 'skipped'))
