-- After the failure of a flight of many chunks one of them is the cause: all of them alone would be as many claims as there are chunks.

-- With how many, itself included, it travels at most, a power of two; null: with as many as fit.
ALTER TABLE sampan.chunk ADD COLUMN together integer CHECK (together > 0);
CREATE INDEX chunk_halved ON sampan.chunk (run, together, bytes DESC, id) WHERE state = 'pending' AND attempts = 0 AND together IS NOT NULL;

-- Claims chunks for one flight: the first one, and, while that is small, as many smaller ones of its kind as surely fit into the budget.
-- The row locks are the claim: they go with the connection, so a dead lane holds nothing. The relation is locked FOR SHARE, so that
-- nobody empties it to copy it again under a lane's feet. A chunk copied in an older generation of the snapshot is claimed too: the
-- lane proves or renews it. What was emptied in a newer generation than the lane reads by is none of its business: its rows would be of
-- another view. A flight that failed travels on in halves: in a flight of what may only go with so many, there are no more.
CREATE OR REPLACE FUNCTION sampan.claim_chunks(run_id text, snapshot_generation integer, byte_budget bigint, count_budget integer)
RETURNS SETOF sampan.chunk LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  claimed sampan.chunk;
  first_claimed sampan.chunk;
  claimed_ids integer[];
  bytes_left bigint;
  most integer;
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
  most := LEAST(count_budget, first_claimed.together);
  RETURN NEXT first_claimed;
  -- What did not arrive at the first attempt travels alone.
  IF first_claimed.attempts = 0 AND bytes_left > 0 AND most > 1 THEN
    IF first_claimed.state = 'done' THEN
      OPEN smaller FOR
        SELECT c.* FROM sampan.chunk c JOIN sampan.relation r ON r.run = c.run AND r.oid = c.relation
         WHERE c.run = run_id AND c.state = 'done' AND c.generation = first_claimed.generation AND c.attempts = 0
           AND c.together IS NOT DISTINCT FROM first_claimed.together
           AND c.bytes <= bytes_left AND c.id <> first_claimed.id
           AND c.relation <> ALL (held_back) AND r.reset_generation <= snapshot_generation
         ORDER BY c.bytes DESC, c.id FOR UPDATE OF c SKIP LOCKED FOR SHARE OF r SKIP LOCKED;
    ELSIF first_claimed.together IS NOT NULL THEN
      OPEN smaller FOR
        SELECT c.* FROM sampan.chunk c JOIN sampan.relation r ON r.run = c.run AND r.oid = c.relation
         WHERE c.run = run_id AND c.state = 'pending' AND c.attempts = 0 AND c.together = first_claimed.together
           AND c.bytes <= bytes_left AND c.id <> first_claimed.id
           AND c.relation <> ALL (held_back) AND r.reset_generation <= snapshot_generation
         ORDER BY c.bytes DESC, c.id FOR UPDATE OF c SKIP LOCKED FOR SHARE OF r SKIP LOCKED;
    ELSE
      OPEN smaller FOR
        SELECT c.* FROM sampan.chunk c JOIN sampan.relation r ON r.run = c.run AND r.oid = c.relation
         WHERE c.run = run_id AND c.state = 'pending' AND c.attempts <= 2 AND c.attempts = 0 AND c.together IS NULL
           AND c.bytes <= bytes_left AND c.id <> first_claimed.id
           AND c.relation <> ALL (held_back) AND r.reset_generation <= snapshot_generation
         ORDER BY c.bytes DESC, c.id FOR UPDATE OF c SKIP LOCKED FOR SHARE OF r SKIP LOCKED;
    END IF;
    FOR number IN 2 .. most LOOP
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
