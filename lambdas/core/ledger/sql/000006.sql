-- Claims in the order of an index: what a claim costs does not grow with the number of chunks that wait.

-- What is to be claimed, largest first: one index for each kind, in the order in which they are asked.
CREATE INDEX chunk_pending ON sampan.chunk (run, bytes DESC, id) WHERE state = 'pending' AND attempts <= 2;
CREATE INDEX chunk_refused ON sampan.chunk (run, bytes DESC, id) WHERE state = 'pending' AND attempts > 2;
CREATE INDEX chunk_copied ON sampan.chunk (run, generation, bytes DESC, id) WHERE state = 'done';
CREATE INDEX chunk_of_relation ON sampan.chunk (run, relation, state, bytes DESC, id);
DROP INDEX sampan.chunk_claim;
CREATE INDEX digest_part_pending ON sampan.digest_part (run, bytes DESC, id) WHERE state = 'pending';

-- The few relations that claims treat otherwise.
CREATE INDEX relation_reset ON sampan.relation (run, reset_generation) WHERE reset_generation > 0;
CREATE INDEX relation_rewritten ON sampan.relation (run) WHERE rewrites > 0;
CREATE INDEX relation_behind ON sampan.relation (run) WHERE behind <> '{}';

-- Relations whose chunks are not to be claimed now by a lane that reads by this generation of the view: those that were emptied in a
-- newer one, and those whose foreign keys stand already and want to see others' rows first.
CREATE FUNCTION sampan.held_back(run_id text, snapshot_generation integer) RETURNS oid[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  -- Looked up once: of a relation that is all done the chunks need not be read.
  any_older boolean := EXISTS (SELECT FROM sampan.chunk c
                                WHERE c.run = run_id AND c.state = 'done' AND c.generation < snapshot_generation);
BEGIN
  RETURN ARRAY(
    SELECT r.oid FROM sampan.relation r
     WHERE r.run = run_id AND r.reset_generation > 0 AND r.reset_generation > snapshot_generation
    UNION ALL
    SELECT r.oid FROM sampan.relation r
     WHERE r.run = run_id AND r.behind <> '{}'
       AND CASE WHEN EXISTS (SELECT FROM sampan.chunk e
                              WHERE e.run = run_id AND e.relation = ANY (r.behind) AND e.relation <> r.oid AND e.state = 'pending')
                THEN true
                WHEN any_older
                THEN EXISTS (SELECT FROM sampan.chunk e
                              WHERE e.run = run_id AND e.relation = ANY (r.behind) AND e.relation <> r.oid
                                AND e.state = 'done' AND e.generation < snapshot_generation)
                ELSE false END);
END $$;

-- The chunk to claim first of those that nobody holds; nulls where there is none. The planner's settings: LIMIT 1 ends a scan in the
-- order of an index at once, and on tables that nobody has analyzed a sort of all of them may look cheaper.
CREATE FUNCTION sampan.first_chunk(run_id text, snapshot_generation integer, held_back oid[]) RETURNS sampan.chunk
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  claimed sampan.chunk;
  refused boolean;
  rewritten oid;
  older integer;
BEGIN
  -- What the source rewrites while it is copied goes first, before it is rewritten again.
  FOREACH refused IN ARRAY ARRAY[false, true] LOOP
    FOR rewritten IN SELECT r.oid FROM sampan.relation r
                      WHERE r.run = run_id AND r.rewrites > 0 AND r.oid <> ALL (held_back) ORDER BY r.bytes DESC, r.oid LOOP
      SELECT c.* INTO claimed FROM sampan.chunk c JOIN sampan.relation r ON r.run = c.run AND r.oid = c.relation
       WHERE c.run = run_id AND c.relation = rewritten AND c.state = 'pending' AND (c.attempts > 2) = refused
         AND r.reset_generation <= snapshot_generation
       ORDER BY c.bytes DESC, c.id LIMIT 1 FOR UPDATE OF c SKIP LOCKED FOR SHARE OF r SKIP LOCKED;
      IF FOUND THEN RETURN claimed; END IF;
    END LOOP;
  END LOOP;
  -- Then what was copied in an older view is proved: rows of a newer one beside it could break a unique index.
  FOREACH refused IN ARRAY ARRAY[false, true] LOOP
    older := NULL;
    LOOP
      older := (SELECT c.generation FROM sampan.chunk c
                 WHERE c.run = run_id AND c.state = 'done' AND c.generation < snapshot_generation
                   AND c.generation > COALESCE(older, -1) ORDER BY c.generation LIMIT 1);
      EXIT WHEN older IS NULL;
      SELECT c.* INTO claimed FROM sampan.chunk c JOIN sampan.relation r ON r.run = c.run AND r.oid = c.relation
       WHERE c.run = run_id AND c.state = 'done' AND c.generation = older AND (c.attempts > 2) = refused
         AND c.relation <> ALL (held_back) AND r.reset_generation <= snapshot_generation
       ORDER BY c.bytes DESC, c.id LIMIT 1 FOR UPDATE OF c SKIP LOCKED FOR SHARE OF r SKIP LOCKED;
      IF FOUND THEN RETURN claimed; END IF;
    END LOOP;
  END LOOP;
  SELECT c.* INTO claimed FROM sampan.chunk c JOIN sampan.relation r ON r.run = c.run AND r.oid = c.relation
   WHERE c.run = run_id AND c.state = 'pending' AND c.attempts <= 2
     AND c.relation <> ALL (held_back) AND r.reset_generation <= snapshot_generation
   ORDER BY c.bytes DESC, c.id LIMIT 1 FOR UPDATE OF c SKIP LOCKED FOR SHARE OF r SKIP LOCKED;
  IF FOUND THEN RETURN claimed; END IF;
  -- What was refused again and again comes last: the others shall not wait for it.
  SELECT c.* INTO claimed FROM sampan.chunk c JOIN sampan.relation r ON r.run = c.run AND r.oid = c.relation
   WHERE c.run = run_id AND c.state = 'pending' AND c.attempts > 2
     AND c.relation <> ALL (held_back) AND r.reset_generation <= snapshot_generation
   ORDER BY c.bytes DESC, c.id LIMIT 1 FOR UPDATE OF c SKIP LOCKED FOR SHARE OF r SKIP LOCKED;
  RETURN claimed;
END $$;

-- Claims chunks for one flight: the first one, and, while that is small, as many smaller ones of its kind as surely fit into the budget.
-- The row locks are the claim: they go with the connection, so a dead lane holds nothing. The relation is locked FOR SHARE, so that
-- nobody empties it to copy it again under a lane's feet. A chunk copied in an older generation of the snapshot is claimed too: the
-- lane proves or renews it. What was emptied in a newer generation than the lane reads by is none of its business: its rows would be of
-- another view.
CREATE OR REPLACE FUNCTION sampan.claim_chunks(run_id text, snapshot_generation integer, byte_budget bigint, count_budget integer)
RETURNS SETOF sampan.chunk LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  claimed sampan.chunk;
  first_claimed sampan.chunk;
  claimed_ids integer[];
  bytes_left bigint;
  held_back oid[];
  -- A cursor that is fetched row by row locks what it hands out and nothing ahead of it.
  smaller refcursor;
BEGIN
  PERFORM sampan.require_open(run_id);
  held_back := sampan.held_back(run_id, snapshot_generation);
  first_claimed := sampan.first_chunk(run_id, snapshot_generation, held_back);
  IF first_claimed.id IS NULL THEN RETURN; END IF;
  claimed_ids := ARRAY[first_claimed.id];
  bytes_left := byte_budget - first_claimed.bytes;
  RETURN NEXT first_claimed;
  -- What did not arrive at the first attempt travels alone.
  IF first_claimed.attempts = 0 AND bytes_left > 0 THEN
    IF first_claimed.state = 'done' THEN
      OPEN smaller FOR
        SELECT c.* FROM sampan.chunk c JOIN sampan.relation r ON r.run = c.run AND r.oid = c.relation
         WHERE c.run = run_id AND c.state = 'done' AND c.generation = first_claimed.generation AND c.attempts = 0
           AND c.bytes <= bytes_left AND c.id <> first_claimed.id
           AND c.relation <> ALL (held_back) AND r.reset_generation <= snapshot_generation
         ORDER BY c.bytes DESC, c.id FOR UPDATE OF c SKIP LOCKED FOR SHARE OF r SKIP LOCKED;
    ELSE
      OPEN smaller FOR
        SELECT c.* FROM sampan.chunk c JOIN sampan.relation r ON r.run = c.run AND r.oid = c.relation
         WHERE c.run = run_id AND c.state = 'pending' AND c.attempts <= 2 AND c.attempts = 0
           AND c.bytes <= bytes_left AND c.id <> first_claimed.id
           AND c.relation <> ALL (held_back) AND r.reset_generation <= snapshot_generation
         ORDER BY c.bytes DESC, c.id FOR UPDATE OF c SKIP LOCKED FOR SHARE OF r SKIP LOCKED;
    END IF;
    FOR number IN 2 .. count_budget LOOP
      FETCH smaller INTO claimed;
      EXIT WHEN NOT FOUND;
      claimed_ids := claimed_ids || claimed.id;
      bytes_left := bytes_left - claimed.bytes;
      RETURN NEXT claimed;
      -- The next one is locked when it is fetched, and at most as large as this one.
      EXIT WHEN bytes_left < claimed.bytes;
    END LOOP;
    CLOSE smaller;
  END IF;
  UPDATE sampan.chunk c SET state = 'done', generation = snapshot_generation WHERE c.run = run_id AND c.id = ANY (claimed_ids);
END $$;

-- Claims parts of the destination's tables to be digested: the largest one that nobody holds, and where that is small, up to `most` more
-- small ones: they share a round trip. The row locks are the claim and go with the connection.
CREATE FUNCTION sampan.claim_digest_parts(run_id text, small_bytes bigint, most integer) RETURNS SETOF sampan.digest_part
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
DECLARE
  first_claimed sampan.digest_part;
BEGIN
  SELECT p.* INTO first_claimed FROM sampan.digest_part p WHERE p.run = run_id AND p.state = 'pending'
   ORDER BY p.bytes DESC, p.id LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN; END IF;
  RETURN NEXT first_claimed;
  IF first_claimed.bytes >= small_bytes THEN RETURN; END IF;
  RETURN QUERY SELECT p.* FROM sampan.digest_part p
   WHERE p.run = run_id AND p.state = 'pending' AND p.bytes < small_bytes AND p.id <> first_claimed.id
   ORDER BY p.bytes DESC, p.id LIMIT most FOR UPDATE SKIP LOCKED;
END $$;

-- Relations whose rows are not all there in the newest view. Of a few relations with many chunks each is looked up, of many with a few
-- all chunks are read.
CREATE FUNCTION sampan.incomplete_relations(run_id text) RETURNS SETOF oid
LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  newest integer := (SELECT COALESCE(max(s.generation), 0) FROM sampan.snapshot s WHERE s.run = run_id);
  last_chunk integer := (SELECT c.id FROM sampan.chunk c WHERE c.run = run_id ORDER BY c.id DESC LIMIT 1);
  any_older boolean := EXISTS (SELECT FROM sampan.chunk c WHERE c.run = run_id AND c.state = 'done' AND c.generation < newest);
BEGIN
  IF any_older OR last_chunk < 20 * (SELECT count(*) FROM sampan.relation r WHERE r.run = run_id) THEN
    RETURN QUERY SELECT DISTINCT c.relation FROM sampan.chunk c
                  WHERE c.run = run_id AND (c.state = 'pending' OR c.generation < newest);
  ELSE
    RETURN QUERY SELECT r.oid FROM sampan.relation r
                  WHERE r.run = run_id
                    AND (SELECT c.id FROM sampan.chunk c
                          WHERE c.run = run_id AND c.relation = r.oid AND c.state = 'pending' ORDER BY c.bytes DESC, c.id LIMIT 1)
                        IS NOT NULL;
  END IF;
END $$;
