-- Claims many small objects inside the one transaction that makes them all, by a statement instead of one for each. `alone`: as
-- in sampan.claim_step, a text for each object that has one. `in_order`: only when nothing before them in their stage is
-- pending, so that what follows a failure is not made ahead of it.
-- SP004: not all of them can be had; whoever takes them one by one is told what is the matter with each.
CREATE FUNCTION sampan.claim_objects(run_id text, object_ids integer[], alone text[], in_order boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  claimed integer;
  first_position integer;
  first_stage text;
BEGIN
  PERFORM sampan.require_open(run_id);
  SELECT pg_catalog.count(*), pg_catalog.min(mine.position), pg_catalog.min(mine.stage)
    INTO claimed, first_position, first_stage
    FROM (SELECT o.position, o.stage FROM sampan.object o
           WHERE o.run OPERATOR(pg_catalog.=) run_id AND o.id OPERATOR(pg_catalog.=) ANY (object_ids)
             AND o.status OPERATOR(pg_catalog.=) ANY (ARRAY['pending', 'failed', 'blocked']) AND o.built_at IS NULL
             FOR UPDATE SKIP LOCKED) mine;
  IF claimed OPERATOR(pg_catalog.<) pg_catalog.cardinality(object_ids)
     OR EXISTS (SELECT 1 FROM pg_catalog.unnest(alone) AS one(key)
                 WHERE NOT pg_catalog.pg_try_advisory_xact_lock(
                         1935764849, pg_catalog.hashtext(run_id OPERATOR(pg_catalog.||) one.key)))
     OR in_order AND EXISTS (SELECT 1 FROM sampan.object o
                 WHERE o.run OPERATOR(pg_catalog.=) run_id AND o.stage OPERATOR(pg_catalog.=) first_stage
                   AND o.status OPERATOR(pg_catalog.=) 'pending' AND o.position OPERATOR(pg_catalog.<) first_position) THEN
    RAISE EXCEPTION USING ERRCODE = 'SP004', MESSAGE = 'not all of the objects can be claimed together';
  END IF;
END $$;
