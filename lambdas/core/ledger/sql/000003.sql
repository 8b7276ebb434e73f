-- The rows: what is copied, in which view, and the receipts.

-- Every relation whose rows are copied: tables, leaf partitions, and one row with oid 0 for the large objects.
CREATE TABLE sampan.relation (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  oid          oid     NOT NULL,                  -- on the source
  schema       text    NOT NULL,
  name         text    NOT NULL,
  columns      text[]  NOT NULL,                  -- in attnum order, without dropped and generated ones
  types        text[]  NOT NULL,                  -- format_type of each
  format       text    NOT NULL DEFAULT 'text' CHECK (format IN ('binary', 'text')),
  digest_sql   text,                              -- the expression that hashes one row, null where nothing is validated
  has_key      boolean NOT NULL,
  -- A partitioned table whose rows travel through its root: on the destination they may belong to other partitions.
  tree         boolean NOT NULL DEFAULT false,
  bytes        bigint  NOT NULL,                  -- pg_table_size on the source, TOAST included
  pages        bigint  NOT NULL DEFAULT 0,        -- of the main fork on the source
  -- The generation of the snapshot at which the relation was last emptied to be copied again.
  reset_generation integer NOT NULL DEFAULT 0,
  object       integer,                           -- the object that creates it
  analyzed_at  timestamptz,                       -- receipt of ANALYZE
  -- Why a relation travels as it does: told in the plan. Why text and not binary; null where it is binary.
  format_reason text,
  -- The binary form was refused by a server: it is text from then on, for all its chunks.
  fell_back    boolean NOT NULL DEFAULT false,
  -- The expression for digest_sql where the binary form turned out to be a wrong guess: all columns as text.
  text_digest_sql text,
  cut_reason   text,                              -- how the table is cut, and why in that way
  rewrites     integer NOT NULL DEFAULT 0,        -- how often the source has rewritten it while it was copied
  condition    text,                              -- which of its rows are migrated and compared, null: all
  behind       oid[]   NOT NULL DEFAULT '{}',     -- relations whose rows come first: foreign keys stand already
  PRIMARY KEY (run, oid)
);

-- The plan of the copy, and the receipts. A chunk is done in the transaction that wrote its rows, or not at all.
CREATE TABLE sampan.chunk (
  run          text    NOT NULL,
  id           integer NOT NULL,
  relation     oid     NOT NULL,
  kind         text    NOT NULL CHECK (kind IN ('whole', 'tid', 'key', 'large_objects')),
  lower        text,                              -- inclusive; null: from the start
  upper        text,                              -- exclusive; null: to the end, rows added later included
  key_column   text,
  bytes        bigint  NOT NULL,                  -- estimated
  state        text    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done')),
  generation   integer,                           -- the snapshot it was copied in
  rows         bigint,
  copied_bytes bigint,
  digest       numeric,                           -- of the source's rows, in the same snapshot
  attempts     integer NOT NULL DEFAULT 0,        -- failed ones
  last_error   text,
  lane         integer,
  milliseconds double precision,
  finished_at  timestamptz,
  -- A range of a key that a call of a lane had no time for: the next call cuts it at its middle, which only the source knows.
  cut_due      boolean NOT NULL DEFAULT false,
  -- Calls in a row that had no time for the chunk and could not make it smaller: it would be begun for ever.
  too_slow     integer NOT NULL DEFAULT 0,
  PRIMARY KEY (run, id),
  FOREIGN KEY (run, relation) REFERENCES sampan.relation (run, oid) ON DELETE CASCADE
);
CREATE INDEX chunk_claim ON sampan.chunk (run, state, bytes DESC, id);

-- The consistent view: the newest row is the one to import.
CREATE TABLE sampan.snapshot (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  generation   integer NOT NULL,                  -- rises when the chain broke and a new view was taken
  hop          integer NOT NULL,                  -- the keeper's number within the generation
  id           text    NOT NULL,                  -- pg_export_snapshot()
  -- An id counts from the beginning when the server starts: what the view sees tells it from another one of the same id.
  view         text,
  holder       text    NOT NULL,
  position     text,                              -- WAL position of the source when the view was taken
  since        timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  expires_at   timestamptz NOT NULL,              -- when its holder has to leave
  PRIMARY KEY (run, generation, hop)
);

-- Large objects pass through here, within the transaction of their chunk: the table is always empty to everybody else.
CREATE UNLOGGED TABLE sampan.large_object_page (
  loid         oid     NOT NULL,
  page         integer NOT NULL,
  data         bytea   NOT NULL
);

-- Claims chunks for one flight: the largest one that nobody holds, and, while that is small, as many smaller ones as
-- surely fit into the budget. The row locks are the claim: they go with the connection, so a dead lane holds
-- nothing. The relation is locked FOR SHARE, so that nobody empties it to copy it again under a lane's feet. A chunk
-- copied in an older generation of the snapshot is claimed too: the lane proves or renews it. What was emptied in a newer
-- generation than the lane reads by is none of its business: its rows would be of another view.
CREATE FUNCTION sampan.claim_chunks(run_id text, snapshot_generation integer, byte_budget bigint, count_budget integer)
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
       AND (r.behind OPERATOR(pg_catalog.=) '{}' OR NOT EXISTS (SELECT 1 FROM sampan.chunk e
                        WHERE e.run OPERATOR(pg_catalog.=) run_id AND e.relation OPERATOR(pg_catalog.=) ANY (r.behind)
                          AND e.relation OPERATOR(pg_catalog.<>) c.relation
                          AND (e.state OPERATOR(pg_catalog.=) 'pending' OR e.generation OPERATOR(pg_catalog.<) snapshot_generation)))
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
     -- What foreign keys that stand already want to see first.
     AND (r.behind OPERATOR(pg_catalog.=) '{}' OR NOT EXISTS (SELECT 1 FROM sampan.chunk e
                        WHERE e.run OPERATOR(pg_catalog.=) run_id AND e.relation OPERATOR(pg_catalog.=) ANY (r.behind)
                          AND e.relation OPERATOR(pg_catalog.<>) c.relation
                          AND (e.state OPERATOR(pg_catalog.=) 'pending' OR e.generation OPERATOR(pg_catalog.<) snapshot_generation)))
   -- What the source rewrites while it is copied goes first, before it is rewritten again. Then what was copied in an older
   -- view is proved: rows of a newer one beside it could break a unique index. What was refused again and again comes last: the
   -- others shall not wait for it.
   ORDER BY (c.state OPERATOR(pg_catalog.=) 'pending' AND r.rewrites OPERATOR(pg_catalog.>) 0) DESC,
            c.state OPERATOR(pg_catalog.=) 'done' DESC, c.attempts OPERATOR(pg_catalog.>) 2, c.bytes DESC, c.id LIMIT 1
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
