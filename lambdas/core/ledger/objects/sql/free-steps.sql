-- $1 run, $2 how many, $3 bytes up to which a relation is small. What a lane may take up now, largest first: the rows it reads
-- are all there, nothing it needs is still to be made, and nothing else is under way that its locks would wait for.
-- The row locks last for this statement only; the claim proper is made with the step.
WITH run AS (
  SELECT copied_at IS NOT NULL AS copied FROM sampan.run WHERE id = $1
), incomplete AS (
  SELECT i.relation FROM sampan.incomplete_relations($1) AS i(relation)
), pending AS (
  SELECT id FROM sampan.object WHERE run = $1 AND status = 'pending'
), building AS (
  -- Indexes of large tables that can be built side by side: what locks the table against them comes after the last one. Single relations
  -- here and below, to be looked up: a key of a partitioned table reads all its partitions, and to compare such lists would be their square.
  SELECT DISTINCT pg_catalog.unnest(rows_of) AS oid FROM sampan.object
   WHERE run = $1 AND stage = 'index' AND status = 'pending' AND bytes > $3 AND built_at IS NULL
     AND (kind = 'INDEX' OR kind = 'CONSTRAINT' AND build_sql IS NOT NULL)
), indexing AS (
  -- A foreign key's validation would hold up what is left to do for the indexes of its table.
  SELECT DISTINCT pg_catalog.unnest(rows_of) AS oid FROM sampan.object
   WHERE run = $1 AND stage = 'index' AND status = 'pending' AND bytes > $3 AND kind IN ('INDEX', 'CONSTRAINT')
), adding AS (
  -- Foreign keys that are still to be added: a validation on one of their tables would hold them up.
  SELECT DISTINCT pg_catalog.unnest(rows_of) AS oid FROM sampan.object
   WHERE run = $1 AND stage = 'index' AND status = 'pending' AND kind = 'FK CONSTRAINT'
     AND build_sql IS NOT NULL AND built_at IS NULL
), parted AS (
  -- Foreign keys that are validated in parts; here is only what comes before and after the parts.
  SELECT p.object, pg_catalog.bool_and(p.done_at IS NOT NULL) AS done FROM sampan.key_part p WHERE p.run = $1 GROUP BY p.object
), parting AS (
  -- A large key that is added in one step comes after the parts on its tables: it would lock them for as long as it takes.
  SELECT DISTINCT pg_catalog.unnest(o.rows_of) AS oid FROM sampan.object o
   WHERE o.run = $1 AND o.status = 'pending' AND o.id IN (SELECT p.object FROM parted p WHERE NOT p.done)
), checking AS (
  -- Large foreign keys that are still to be checked: whoever adds another one to their tables would wait for that.
  SELECT DISTINCT pg_catalog.unnest(o.rows_of) AS oid FROM sampan.object o
   WHERE o.run = $1 AND o.stage = 'index' AND o.status = 'pending' AND o.kind = 'FK CONSTRAINT' AND o.bytes > $3
     AND o.id NOT IN (SELECT p.object FROM parted p WHERE p.done)
), held AS (
  -- The keys of sampan.claim_step that are taken at the moment.
  SELECT l.objid::bigint AS key FROM pg_catalog.pg_locks l
   WHERE l.locktype = 'advisory' AND l.classid = 1935764849 AND l.objsubid = 2
     AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
)
SELECT o.id, o.kind, COALESCE(o.destination_schema, o.schema) AS schema, COALESCE(o.destination_name, o.name) AS name, o.verdict, o.bytes::float8 AS bytes, step.name AS step, NULL::integer AS part,
       turn.alone,
       (SELECT pg_catalog.count(*) > 0 FROM pg_catalog.pg_default_acl d
         WHERE d.defaclrole = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER)) AS plain,
       CASE WHEN pg_catalog.cardinality(o.rows_of) = 1 THEN o.rows_of[1] END AS "table",
       CASE step.name WHEN 'whole' THEN o.sql WHEN 'build' THEN o.build_sql ELSE o.finish_sql END AS sql
  FROM sampan.object o
  CROSS JOIN LATERAL (
    SELECT CASE WHEN o.build_sql IS NULL THEN 'whole' WHEN o.built_at IS NULL THEN 'build' ELSE 'finish' END AS name
  ) step
  LEFT JOIN parted ON parted.object = o.id
  CROSS JOIN LATERAL (
    SELECT CASE
      -- Two keys between the same tables, added at once from both ends, would wait for each other.
      WHEN o.kind = 'FK CONSTRAINT' AND (step.name = 'build' OR parted.done OR o.bytes <= $3) THEN 'foreign keys'
      WHEN o.kind = 'FK CONSTRAINT' OR o.kind = 'CONSTRAINT' AND step.name = 'whole' THEN o.works_on
      -- An index of a partitioned table becomes valid with its last attachment. Of two at once, one below the other, the
      -- server may take neither for the last one, and the index stays invalid for good (seen with 18.4, once in 200).
      WHEN o.kind = 'INDEX ATTACH' THEN 'index attachments'
    END AS alone
  ) turn
 WHERE o.run = $1 AND o.stage = 'index' AND o.status = 'pending'
   -- While a plan that was made anew is being carried out, keys wait: a partition has to be attached before its parent has one.
   AND NOT EXISTS (SELECT 1 FROM sampan.object w WHERE w.run = $1 AND w.stage = 'create' AND w.status = 'pending')
   -- Looked up one by one in a list that is hashed once, which IS TRUE makes sure of: comparing arrays, or a join of tables that
   -- nobody has analyzed, would be the square of the number of objects.
   AND ((SELECT copied FROM run)
        OR o.kind <> 'FK CONSTRAINT' AND o.rows_of IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.unnest(o.rows_of) AS needed(oid)
                            WHERE (needed.oid IN (SELECT i.relation FROM incomplete i)) IS TRUE))
   AND NOT EXISTS (SELECT 1 FROM pg_catalog.unnest(o.dependencies) AS needed(id)
                    WHERE (needed.id IN (SELECT p.id FROM pending p)) IS TRUE)
   AND (o.kind <> 'FK CONSTRAINT' AND o.bytes <= $3
        OR step.name <> 'finish' AND o.kind = 'INDEX' OR step.name = 'build' AND o.kind = 'CONSTRAINT'
        OR o.kind <> 'FK CONSTRAINT' AND NOT EXISTS (SELECT 1 FROM pg_catalog.unnest(o.rows_of) AS read(oid)
                         WHERE (read.oid IN (SELECT b.oid FROM building b)) IS TRUE)
        OR o.kind = 'FK CONSTRAINT' AND NOT EXISTS (SELECT 1 FROM pg_catalog.unnest(o.rows_of) AS read(oid)
                         WHERE (read.oid IN (SELECT i.oid FROM indexing i)) IS TRUE))
   AND (o.kind <> 'FK CONSTRAINT' OR step.name = 'build'
        OR NOT EXISTS (SELECT 1 FROM pg_catalog.unnest(o.rows_of) AS read(oid)
                        WHERE (read.oid IN (SELECT a.oid FROM adding a)) IS TRUE))
   AND (step.name <> 'finish' OR parted.done IS NULL
        OR parted.done AND NOT EXISTS (SELECT 1 FROM pg_catalog.unnest(o.rows_of) AS read(oid)
                                        WHERE (read.oid IN (SELECT c.oid FROM checking c)) IS TRUE))
   AND (o.kind <> 'FK CONSTRAINT' OR step.name <> 'whole'
        OR NOT EXISTS (SELECT 1 FROM pg_catalog.unnest(o.rows_of) AS read(oid)
                        WHERE (read.oid IN (SELECT p.oid FROM parting p)) IS TRUE))
   AND (turn.alone IS NULL
        OR NOT EXISTS (SELECT 1 FROM held
                        WHERE held.key = pg_catalog.hashtext($1 || turn.alone)::bigint & 4294967295))
 ORDER BY o.bytes DESC, o.position LIMIT $2 FOR UPDATE OF o SKIP LOCKED
