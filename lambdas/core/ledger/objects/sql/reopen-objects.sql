-- $1 run. A run that is started again tries once more what failed, and what that blocked. What is blocked by an object that
-- is left behind for good stays so.
-- A materialized view that was given away meanwhile is filled in its new owner's name.
UPDATE sampan.object o
   SET status = 'pending', error_code = NULL, error_message = NULL, blocked_by = NULL,
       stage = CASE WHEN given.owner IS NULL THEN o.stage ELSE 'own' END, owner = COALESCE(given.owner, o.owner)
  FROM sampan.object self
  LEFT JOIN LATERAL (
    SELECT w.owner FROM sampan.object w
     WHERE self.kind = 'MATERIALIZED VIEW DATA' AND w.run = self.run AND w.kind = 'OWNER'
       AND w.dependencies[1] = self.dependencies[1] AND w.status IN ('migrated', 'transformed')
  ) given ON true
 WHERE o.run = $1 AND self.run = o.run AND self.id = o.id
   AND (o.status = 'failed'
        OR o.status = 'blocked' AND NOT EXISTS (
             SELECT 1 FROM sampan.object cause
              WHERE cause.run = o.run AND cause.id = o.blocked_by AND cause.status = 'skipped'))
