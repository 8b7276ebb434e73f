-- Questions whose cost was that of the whole ledger: on tables that nobody has analyzed yet the planner guesses that a run has a few rows.

-- As before; each object is looked up by its key: by status, or by the run, all that is pending would be read for each claim.
CREATE OR REPLACE FUNCTION sampan.claim_objects(run_id text, object_ids integer[], alone text[], in_order boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  claimed integer;
  first_position integer;
  first_stage text;
BEGIN
  PERFORM sampan.require_open(run_id);
  SELECT pg_catalog.count(*), pg_catalog.min(mine.position), pg_catalog.min(mine.stage)
    INTO claimed, first_position, first_stage
    FROM pg_catalog.unnest(object_ids) AS wanted(id)
   CROSS JOIN LATERAL (SELECT o.position, o.stage FROM sampan.object o
           WHERE o.run OPERATOR(pg_catalog.=) run_id AND o.id OPERATOR(pg_catalog.=) wanted.id
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

-- Ranges of a key that are due to be cut: a few, if any.
CREATE INDEX chunk_cut_due ON sampan.chunk (run, id) WHERE cut_due AND state = 'pending';

-- What the receipts say of each relation, and the parts of the destination. ROWS: as many as there may be relations, so that a join with
-- them is hashed. Guessed to be a few, a thousand tables were compared with a thousand others.
CREATE FUNCTION sampan.chunk_sums(run_id text)
RETURNS TABLE (relation oid, kind text, first integer, chunks integer, open integer, attempts integer, copied_bytes numeric,
               milliseconds double precision, last_error text, rows numeric, digest numeric)
LANGUAGE plpgsql STABLE ROWS 100000 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  newest integer := (SELECT COALESCE(max(s.generation), 0) FROM sampan.snapshot s WHERE s.run = run_id);
BEGIN
  RETURN QUERY
    SELECT c.relation, min(c.kind), min(c.id), count(*)::integer,
           count(*) FILTER (WHERE c.state = 'pending' OR c.generation < newest)::integer, sum(c.attempts)::integer, sum(c.copied_bytes),
           sum(c.milliseconds), max(c.last_error), sum(c.rows), CASE WHEN bool_and(c.digest IS NOT NULL) THEN sum(c.digest) END
      FROM sampan.chunk c WHERE c.run = run_id GROUP BY c.relation;
END $$;

CREATE FUNCTION sampan.part_sums(run_id text)
RETURNS TABLE (relation oid, parts integer, open integer, rows numeric, digest numeric)
LANGUAGE plpgsql STABLE ROWS 100000 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY
    SELECT p.relation, count(*)::integer, count(*) FILTER (WHERE p.state = 'pending')::integer, sum(p.rows),
           CASE WHEN bool_and(p.digest IS NOT NULL) THEN sum(p.digest) END
      FROM sampan.digest_part p WHERE p.run = run_id GROUP BY p.relation;
END $$;
