-- $1 run, $2 bytes below which a part is small, $3 how many small parts go together.
-- The largest part that nobody holds, and where that one is small, more small ones: they share a round trip.
-- The row locks are the claim and go with the connection.
WITH first AS (
  SELECT * FROM sampan.digest_part WHERE run = $1 AND state = 'pending'
   ORDER BY bytes DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED
), rest AS (
  SELECT * FROM sampan.digest_part
   WHERE run = $1 AND state = 'pending'
     AND bytes < (SELECT CASE WHEN bytes < $2 THEN $2 ELSE -1 END FROM first) AND id <> (SELECT id FROM first)
   ORDER BY bytes DESC, id LIMIT $3 FOR UPDATE SKIP LOCKED
)
SELECT claimed.id, claimed.relation, claimed.lower, claimed.upper, r.schema, r.name, r.tree, r.digest_sql AS "digestSql",
       r.condition AS "where"
  FROM (SELECT * FROM first UNION ALL SELECT * FROM rest) claimed
  JOIN sampan.relation r ON r.run = claimed.run AND r.oid = claimed.relation
