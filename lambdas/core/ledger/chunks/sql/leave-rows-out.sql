-- $1 run, $2 the relation's oid, $3 code and $4 message of what was said of its rows. The table stays without rows, as an object that has
-- failed; what would be another thing without them is blocked by it: materialized views that read it, foreign keys of others that point at it.
WITH RECURSIVE bare AS (
  SELECT r.oid, r.schema, r.name, pg_catalog.format('%I.%I', d.schema, d.name) AS there, r.bytes, o.id AS object, o.kind
    FROM sampan.relation r CROSS JOIN LATERAL sampan.destination_of(r) d
    JOIN sampan.object o ON o.run = r.run AND o.id = r.object WHERE r.run = $1 AND r.oid = $2
), known AS (
  UPDATE sampan.object o SET status = 'failed', error_code = $3, error_message = $4
    FROM bare b WHERE o.run = $1 AND o.id = b.object AND b.kind = 'TABLE DATA' RETURNING o.id
), added AS (
  INSERT INTO sampan.object (run, id, position, kind, schema, name, catalog_oid, oid, stage, sql, dependencies, bytes, verdict, status,
                             error_code, error_message)
  SELECT $1, (SELECT max(o.id) + 1 FROM sampan.object o WHERE o.run = $1), (SELECT max(o.position) + 1 FROM sampan.object o WHERE o.run = $1),
         'TABLE DATA', b.schema, b.name, 1259, b.oid, 'create',
         pg_catalog.format('SELECT %L::pg_catalog.regclass', b.there),
         ARRAY[b.object], b.bytes, 'migrate', 'failed', $3, $4
    FROM bare b WHERE b.kind <> 'TABLE DATA' RETURNING id
), cause AS (
  SELECT id FROM known UNION ALL SELECT id FROM added
), reading AS (
  SELECT b.object AS id FROM bare b
  UNION SELECT o.id FROM reading r JOIN sampan.object o ON o.run = $1 AND r.id = ANY (o.dependencies)
), blocked AS (
  UPDATE sampan.object o SET status = 'blocked', blocked_by = cause.id FROM cause, bare b
   WHERE o.run = $1 AND o.id IN (SELECT r.id FROM reading r) AND o.status = 'pending'
     AND (o.kind = 'MATERIALIZED VIEW DATA'
          OR o.kind = 'FK CONSTRAINT' AND NOT (o.schema = b.schema AND pg_catalog.left(o.name, pg_catalog.length(b.name) + 1) = b.name || ' '))
), uncut AS (
  DELETE FROM sampan.chunk c WHERE c.run = $1 AND c.relation = $2
)
UPDATE sampan.relation r SET object = cause.id FROM cause WHERE r.run = $1 AND r.oid = $2
