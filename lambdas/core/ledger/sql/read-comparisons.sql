-- $1 run. What the chunks' receipts say of the source and the digest parts of the destination, a row per relation.
SELECT r.oid, r.schema, r.name, there.schema AS "thereSchema", there.name AS "thereName", r.format, r.format_reason AS "formatReason", r.cut_reason AS "cutReason", 
       CASE WHEN NOT r.filtered THEN r.condition END AS "where", CASE WHEN r.filtered THEN r.condition END AS filter,
       r.rows_estimated::float8 AS "rowsEstimated",
       ARRAY(SELECT u.name FROM ROWS FROM (unnest(r.columns), unnest(r.expressions)) AS u(name, expression)
              WHERE u.expression IS NOT NULL) AS expressed,
       r.not_compared AS "notCompared",
       r.reset_generation > 0 AS "copiedAgain",
       c.kind, c.first AS "order", r.bytes::float8 AS bytes, o.status AS "objectStatus", COALESCE(o.kept, false) AS kept,
       COALESCE(c.chunks, 0) AS chunks, COALESCE(c.open, 0) AS "openChunks", COALESCE(c.attempts, 0) AS attempts,
       c.copied_bytes::float8 AS "copiedBytes", c.milliseconds, c.last_error AS "lastError",
       c.rows::text AS "sourceRows", c.digest::text AS "sourceDigest",
       COALESCE(p.parts, 0) AS parts, COALESCE(p.open, 0) AS "openParts",
       -- A task that compares nothing plans no part.
       EXISTS (SELECT FROM sampan.digest_part WHERE run = $1) AS planned,
       CASE WHEN r.beside IS NOT NULL THEN (
         SELECT pg_catalog.json_build_object(
                  'inserted', COALESCE(pg_catalog.sum(l.inserted), 0), 'equal', COALESCE(pg_catalog.sum(l.kept_equal), 0),
                  'different', COALESCE(pg_catalog.sum(l.kept_different), 0),
                  'places', (SELECT COALESCE(pg_catalog.json_agg(first.place), '[]')
                               FROM (SELECT pg_catalog.unnest(f.places) AS place FROM sampan.landed f
                                      WHERE f.run = r.run AND f.relation = r.oid ORDER BY f.chunk LIMIT 20) first),
                  'others', (SELECT GREATEST(0, pg_catalog.sum(q.others)) FROM sampan.digest_part q WHERE q.run = r.run AND q.relation = r.oid))
           FROM sampan.landed l WHERE l.run = r.run AND l.relation = r.oid) END AS beside,
       p.rows::text AS "destinationRows", p.digest::text AS "destinationDigest"
  FROM sampan.relation r
  CROSS JOIN LATERAL sampan.destination_of(r) there
  LEFT JOIN sampan.object o ON o.run = r.run AND o.id = r.object
  LEFT JOIN sampan.chunk_sums($1) c ON c.relation = r.oid
  LEFT JOIN sampan.part_sums($1) p ON p.relation = r.oid
 WHERE r.run = $1 ORDER BY r.schema, r.name
