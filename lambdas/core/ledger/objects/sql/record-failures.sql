-- $1 run, $2 [{"id", "code", "message"}]: objects that could not be made. Whatever depends on one of them, however far, is
-- blocked by it, and is not tried; one that was tried in the same flight has failed for that reason only.
WITH RECURSIVE failure AS (
  SELECT f.id, f.code, f.message FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS f(id integer, code text, message text)
), edge AS (
  SELECT o.id, needed.id AS needs
    FROM sampan.object o CROSS JOIN LATERAL pg_catalog.unnest(o.dependencies) AS needed(id)
   WHERE o.run = $1
), blocked AS (
  SELECT e.id, f.id AS cause FROM failure f JOIN edge e ON e.needs = f.id
  UNION
  SELECT e.id, b.cause FROM blocked b JOIN edge e ON e.needs = b.id
), cause AS (
  -- The root of the trouble is a failure that nothing else blocks.
  SELECT b.id, min(b.cause) AS cause FROM blocked b
   WHERE b.cause NOT IN (SELECT id FROM blocked) GROUP BY b.id
)
UPDATE sampan.object o
   SET status = CASE WHEN c.id IS NOT NULL THEN 'blocked' WHEN touched.others THEN 'skipped' ELSE 'failed' END,
       blocked_by = c.cause,
       reason = CASE WHEN c.id IS NULL AND touched.others THEN f.message ELSE o.reason END,
       error_code = CASE WHEN c.id IS NULL AND NOT touched.others THEN f.code END,
       error_message = CASE WHEN c.id IS NULL AND NOT touched.others THEN f.message END
  FROM (
    -- Rights on what is the server's or an extension's ask themselves whether they took effect: where not, they are left out.
    SELECT t.id, rights.kind = 'ACL' AND rights.sql LIKE '%sampan.require_rights(%' AS others
      FROM (SELECT id FROM failure UNION SELECT id FROM blocked) t JOIN sampan.object rights ON rights.run = $1 AND rights.id = t.id
  ) touched
  LEFT JOIN failure f ON f.id = touched.id
  LEFT JOIN cause c ON c.id = touched.id
 WHERE o.run = $1 AND o.id = touched.id AND o.status IN ('pending', 'failed', 'blocked')
