-- A view that a table was rewritten under (TRUNCATE, VACUUM FULL, CLUSTER, an ALTER that makes a new file) is of no use for that
-- table: its rows lie in other places, or the view does not see them any more. It is given up for a newer one.
ALTER TABLE sampan.run ADD COLUMN least_generation integer NOT NULL DEFAULT 1;
-- How often that happened while the table was copied.
ALTER TABLE sampan.relation ADD COLUMN rewrites integer NOT NULL DEFAULT 0;

-- Claims chunks for one flight: the largest one that nobody holds, and, while that is small, as many smaller ones as
-- surely fit into the budget. The row locks are the claim: they go with the connection, so a dead lane holds
-- nothing. The relation is locked FOR SHARE, so that nobody empties it to copy it again (sampan.reset_relation) under a
-- lane's feet. A chunk copied in an older generation of the snapshot is claimed too: the lane proves or renews it. What was
-- emptied in a newer generation than the lane reads by is none of its business: its rows would be of another view.
CREATE OR REPLACE FUNCTION sampan.claim_chunks(run_id text, snapshot_generation integer, byte_budget bigint, count_budget integer)
RETURNS SETOF sampan.chunk LANGUAGE plpgsql AS $$
DECLARE
  claimed sampan.chunk;
  first_claimed integer;
  claimed_ids integer[] := '{}';
  bytes_left bigint := byte_budget;
  -- A cursor that is fetched row by row locks what it hands out and nothing ahead of it.
  smaller CURSOR FOR
    SELECT c.* FROM sampan.chunk c
      JOIN sampan.relation r ON r.run OPERATOR(pg_catalog.=) c.run AND r.oid OPERATOR(pg_catalog.=) c.relation
     WHERE c.run OPERATOR(pg_catalog.=) run_id
       AND (c.state OPERATOR(pg_catalog.=) 'pending' OR c.generation OPERATOR(pg_catalog.<) snapshot_generation)
       AND r.reset_generation OPERATOR(pg_catalog.<=) snapshot_generation
       AND c.bytes OPERATOR(pg_catalog.<=) bytes_left AND c.attempts OPERATOR(pg_catalog.=) 0
       AND c.id OPERATOR(pg_catalog.<>) first_claimed
     ORDER BY c.bytes DESC, c.id
     FOR UPDATE OF c SKIP LOCKED FOR SHARE OF r SKIP LOCKED;
BEGIN
  PERFORM sampan.require_open(run_id);
  SELECT c.* INTO claimed
    FROM sampan.chunk c
    JOIN sampan.relation r ON r.run OPERATOR(pg_catalog.=) c.run AND r.oid OPERATOR(pg_catalog.=) c.relation
   WHERE c.run OPERATOR(pg_catalog.=) run_id
     AND (c.state OPERATOR(pg_catalog.=) 'pending' OR c.generation OPERATOR(pg_catalog.<) snapshot_generation)
     AND r.reset_generation OPERATOR(pg_catalog.<=) snapshot_generation
   -- What the source rewrites while it is copied goes first, before it is rewritten again. Then what was copied in an older
   -- view is proved: rows of a newer one beside it could break a unique index.
   ORDER BY (c.state OPERATOR(pg_catalog.=) 'pending' AND r.rewrites OPERATOR(pg_catalog.>) 0) DESC, c.state OPERATOR(pg_catalog.=) 'done' DESC, c.bytes DESC, c.id LIMIT 1
   FOR UPDATE OF c SKIP LOCKED FOR SHARE OF r SKIP LOCKED;
  IF NOT FOUND THEN RETURN; END IF;
  first_claimed := claimed.id;
  claimed_ids := ARRAY[claimed.id];
  bytes_left := bytes_left OPERATOR(pg_catalog.-) claimed.bytes;
  RETURN NEXT claimed;
  -- What did not arrive at the first attempt travels alone.
  IF claimed.attempts OPERATOR(pg_catalog.=) 0 AND bytes_left OPERATOR(pg_catalog.>) 0 THEN
    OPEN smaller;
    FOR number IN 2 .. count_budget LOOP
      FETCH smaller INTO claimed;
      EXIT WHEN NOT FOUND;
      claimed_ids := pg_catalog.array_append(claimed_ids, claimed.id);
      bytes_left := bytes_left OPERATOR(pg_catalog.-) claimed.bytes;
      RETURN NEXT claimed;
      -- The next one is locked when it is fetched, and at most as large as this one.
      EXIT WHEN bytes_left OPERATOR(pg_catalog.<) claimed.bytes;
    END LOOP;
    CLOSE smaller;
  END IF;
  UPDATE sampan.chunk SET state = 'done', generation = snapshot_generation
    WHERE run OPERATOR(pg_catalog.=) run_id AND id OPERATOR(pg_catalog.=) ANY (claimed_ids);
END $$;
