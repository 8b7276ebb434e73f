-- The ledger: what a run is, what it has to do, and a receipt for everything done. It lives on the destination, so that a
-- receipt can be written in the transaction of the thing it is for.

CREATE TABLE sampan.run (
  id           text        PRIMARY KEY,           -- the task's name
  fingerprint  text        NOT NULL,              -- digest of what decides the content; a changed task is refused
  source       jsonb       NOT NULL,              -- server version, encoding, system identifier, database
  state        text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'sealed')),
  execution    text        NOT NULL,              -- the latest execution that works for it
  started_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  objects_planned_at timestamptz,
  copy_planned_at    timestamptz,
  -- A round of the copy is over, however it ended: the keepers of the snapshot go. PlanCopy opens the next round.
  copy_ended_at      timestamptz,
  copied_at          timestamptz,                 -- every chunk has its receipt
  validation_planned_at timestamptz,
  sealed_at    timestamptz
);

-- Every object of the source, from pg_dump's table of contents.
CREATE TABLE sampan.object (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  id           integer NOT NULL,                  -- dump id
  position     integer NOT NULL,                  -- order in the archive, which is topological
  kind         text    NOT NULL,                  -- pg_dump's word: TABLE, FK CONSTRAINT, …
  schema       text,
  name         text    NOT NULL,
  owner        text,
  catalog_oid  oid     NOT NULL DEFAULT 0,
  oid          oid     NOT NULL DEFAULT 0,
  stage        text    NOT NULL CHECK (stage IN ('create', 'rows', 'index', 'link', 'never')),
  sql          text    NOT NULL DEFAULT '',
  dependencies integer[] NOT NULL DEFAULT '{}',
  bytes        bigint  NOT NULL DEFAULT 0,        -- size of the relation it works on: largest first
  verdict      text    NOT NULL CHECK (verdict IN ('migrate', 'transform', 'skip')),
  reason       text,
  status       text    NOT NULL DEFAULT 'pending'
               CHECK (status IN ('pending', 'migrated', 'transformed', 'skipped', 'failed', 'blocked')),
  error_code   text,
  error_message text,
  blocked_by   integer,
  milliseconds double precision,
  PRIMARY KEY (run, id)
);
CREATE INDEX object_stage ON sampan.object (run, stage, status, position);

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

-- Read by the lanes every few seconds: changing the row changes a running migration. Null: no limit.
CREATE TABLE sampan.limits (
  run                  text PRIMARY KEY REFERENCES sampan.run ON DELETE CASCADE,
  execution            text NOT NULL,             -- whose task set them; a new start sets them anew
  lanes                integer NOT NULL CHECK (lanes >= 1),
  queries_per_second   double precision CHECK (queries_per_second > 0),
  rows_per_second      double precision CHECK (rows_per_second > 0),
  bytes_per_second     double precision CHECK (bytes_per_second > 0)
);

-- Validation reads the destination in pieces of its own; the digest is a sum, so pieces add up in any order.
CREATE TABLE sampan.digest_part (
  run          text    NOT NULL,
  id           integer NOT NULL,
  relation     oid     NOT NULL,
  lower        text,                              -- tid, inclusive
  upper        text,                              -- tid, exclusive
  bytes        bigint  NOT NULL DEFAULT 0,
  state        text    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done')),
  rows         bigint,
  digest       numeric,
  milliseconds double precision,
  PRIMARY KEY (run, id),
  FOREIGN KEY (run, relation) REFERENCES sampan.relation (run, oid) ON DELETE CASCADE
);

-- What was found when a table that differs was looked into: numbers and places, never values.
CREATE TABLE sampan.difference (
  run          text    NOT NULL,
  relation     oid     NOT NULL,
  missing      bigint  NOT NULL,                  -- rows only on the source
  surplus      bigint  NOT NULL,                  -- rows only on the destination
  different    bigint  NOT NULL,                  -- rows of one key on both, with different values
  complete     boolean NOT NULL,                  -- false: looked into in part, the numbers are at least these
  source_changed boolean NOT NULL,                -- true: the source was written to since the copy, and counts as it is now
  places       jsonb   NOT NULL DEFAULT '[]',     -- [{"side": "source", "ctid": "(3,7)", "kind": "missing"}, …], at most 20
  PRIMARY KEY (run, relation),
  FOREIGN KEY (run, relation) REFERENCES sampan.relation (run, oid) ON DELETE CASCADE
);

CREATE TABLE sampan.sequence (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  schema       text    NOT NULL,
  name         text    NOT NULL,
  last_value   bigint  NOT NULL,
  is_called    boolean NOT NULL,
  destination_last_value bigint,
  destination_is_called  boolean,
  error_message text,
  PRIMARY KEY (run, schema, name)
);

CREATE TABLE sampan.event (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  number       bigint  GENERATED ALWAYS AS IDENTITY,
  at           timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  level        text    NOT NULL CHECK (level IN ('info', 'warning', 'error')),
  step         text    NOT NULL,
  lane         integer,
  code         text    NOT NULL,
  message      text    NOT NULL,
  PRIMARY KEY (run, number)
);

-- An open retry window outlives the lane that opened it: a yield must not restart its clock.
CREATE TABLE sampan.retry_window (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  step         text    NOT NULL,
  lane         integer NOT NULL DEFAULT -1,
  kind         text    NOT NULL CHECK (kind IN ('connection', 'other')),
  since        timestamptz NOT NULL,
  attempt      integer NOT NULL,
  PRIMARY KEY (run, step, lane)
);

-- The fence. Holds the run's row FOR SHARE until the transaction ends, so Seal waits for writers and writers see Seal.
-- FOR KEY SHARE would not do: Seal updates a column that is no key.
CREATE FUNCTION sampan.require_open(run_id text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM sampan.run r WHERE r.id OPERATOR(pg_catalog.=) run_id AND r.state OPERATOR(pg_catalog.=) 'open' FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SP001', MESSAGE = 'the run is sealed: nothing more is written to this destination';
  END IF;
END $$;

-- Claims one object inside the transaction that creates it. SP002: another attempt has its receipt already.
CREATE FUNCTION sampan.claim_object(run_id text, object_id integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sampan.require_open(run_id);
  PERFORM 1 FROM sampan.object o
    WHERE o.run OPERATOR(pg_catalog.=) run_id AND o.id OPERATOR(pg_catalog.=) object_id
      AND o.status OPERATOR(pg_catalog.=) ANY (ARRAY['pending', 'failed', 'blocked']) FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SP002', MESSAGE = 'the object has its receipt already';
  END IF;
END $$;

-- The same for lanes that choose among many: SP003 instead of waiting for another lane that is at work on it.
CREATE FUNCTION sampan.try_claim_object(run_id text, object_id integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM sampan.object o
    WHERE o.run OPERATOR(pg_catalog.=) run_id AND o.id OPERATOR(pg_catalog.=) object_id FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SP003', MESSAGE = 'another lane works on the object';
  END IF;
  PERFORM sampan.claim_object(run_id, object_id);
END $$;

-- Claims chunks for one flight: the largest one that nobody holds, and, while that is small, as many smaller ones as
-- surely fit into the budget. The row locks are the claim: they go with the connection, so a dead lane holds
-- nothing. The relation is locked FOR SHARE, so that nobody empties it to copy it again (sampan.reset_relation) under a
-- lane's feet. A chunk copied in an older generation of the snapshot is claimed too: the lane proves or renews it.
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
   -- What was copied in an older view is proved first: rows of a newer one beside it could break a unique index.
   ORDER BY c.state OPERATOR(pg_catalog.=) 'done' DESC, c.bytes DESC, c.id LIMIT 1
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
