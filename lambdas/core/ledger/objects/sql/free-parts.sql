-- $1 run, $2 how many. Parts of partitioned tables' foreign keys that a lane may
-- validate now, largest first. As in free-steps.sql, the row locks last for this statement only.
WITH adding AS (
  SELECT DISTINCT pg_catalog.unnest(rows_of) AS oid FROM sampan.object
   WHERE run = $1 AND stage = 'index' AND status = 'pending' AND kind = 'FK CONSTRAINT'
     AND build_sql IS NOT NULL AND built_at IS NULL
), held AS (
  SELECT l.objid::bigint AS key FROM pg_catalog.pg_locks l
   WHERE l.locktype = 'advisory' AND l.classid = 1935764849 AND l.objsubid = 2
     AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
)
SELECT o.id, o.kind, COALESCE(o.destination_schema, o.schema) AS schema, COALESCE(o.destination_name, o.name) AS name, o.verdict, p.bytes::float8 AS bytes, 'part' AS step, p.part, p.works_on AS alone,
       NULL::oid AS "table", p.sql
  FROM sampan.key_part p JOIN sampan.object o ON o.run = p.run AND o.id = p.object
 WHERE p.run = $1 AND p.done_at IS NULL AND o.status = 'pending'
   AND NOT EXISTS (SELECT 1 FROM pg_catalog.unnest(o.rows_of) AS read(oid)
                    WHERE (read.oid IN (SELECT a.oid FROM adding a)) IS TRUE)
   AND NOT EXISTS (SELECT 1 FROM held
                    WHERE held.key = pg_catalog.hashtext($1 || p.works_on)::bigint & 4294967295)
 ORDER BY p.bytes DESC, p.object, p.part LIMIT $2 FOR UPDATE OF p SKIP LOCKED
