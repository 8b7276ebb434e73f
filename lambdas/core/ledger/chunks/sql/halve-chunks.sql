-- $1 run, $2 numbers of chunks. New ones get the next numbers: whoever runs this holds the lock on these.
WITH due AS (
  SELECT c.id, c.bytes, c.upper, c.relation, COALESCE(c.lower, '0')::bigint AS first,
         COALESCE(c.upper::bigint, r.pages) AS last
    FROM sampan.chunk c JOIN sampan.relation r ON r.run = c.run AND r.oid = c.relation
   WHERE c.run = $1 AND c.id = ANY ($2::integer[]) AND c.state = 'pending' AND c.kind IN ('whole', 'tid') AND r.oid <> ALL (r.behind)
     FOR UPDATE OF c),
halves AS (SELECT *, ((first + last) / 2)::text AS middle, row_number() OVER (ORDER BY id) AS number
             FROM due WHERE last - first >= 2),
added AS (
  INSERT INTO sampan.chunk (run, id, relation, kind, lower, upper, bytes)
  SELECT $1, (SELECT max(id) FROM sampan.chunk WHERE run = $1) + number, relation, 'tid', middle, upper, bytes / 2
    FROM halves)
UPDATE sampan.chunk c
   SET attempts = c.attempts + 1, last_error = 'CHUNK_TOO_SLOW: the time of the call was used up',
       kind = CASE WHEN h.id IS NULL THEN c.kind ELSE 'tid' END,
       upper = CASE WHEN h.id IS NULL THEN c.upper ELSE h.middle END,
       bytes = CASE WHEN h.id IS NULL THEN c.bytes ELSE c.bytes - c.bytes / 2 END,
       cut_due = c.kind = 'key',
       too_slow = CASE WHEN h.id IS NULL THEN c.too_slow + 1 ELSE 0 END
  FROM (SELECT pg_catalog.unnest($2::integer[]) AS id) mine LEFT JOIN halves h ON h.id = mine.id
 WHERE c.run = $1 AND c.id = mine.id AND c.state = 'pending'
RETURNING c.relation, c.too_slow AS "calls"
