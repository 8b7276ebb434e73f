-- The ledger: what a run is, what it has to do, and a receipt for everything done. It lives on the destination, so that a
-- receipt can be written in the transaction of the thing it is for.

CREATE TABLE sampan.run (
  id           text        PRIMARY KEY,           -- the task's name
  fingerprint  text        NOT NULL,              -- digest of what decides the content; a changed task is refused
  source       jsonb       NOT NULL,              -- server version, encoding, system identifier, database
  state        text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'sealed')),
  execution    text        NOT NULL,              -- the latest start of it, which works for it, or has sealed it
  former       text[]      NOT NULL DEFAULT '{}', -- starts before that one: they write nothing any more
  started_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  objects_planned_at timestamptz,
  copy_planned_at    timestamptz,
  -- A round of the copy is over, however it ended: the keepers of the snapshot go. PlanCopy opens the next round.
  copy_ended_at      timestamptz,
  copied_at          timestamptz,                 -- every chunk has its receipt
  validation_planned_at timestamptz,
  sealed_at    timestamptz,
  -- A view that a table was rewritten under (TRUNCATE, VACUUM FULL, CLUSTER, an ALTER that makes a new file) is of no use for that
  -- table: its rows lie in other places, or the view does not see them any more. It is given up for a newer one.
  least_generation integer NOT NULL DEFAULT 1,
  -- What the plan is of: a digest of the source's structure (sampan.structure), the newest view whose structure is known to be the
  -- same, and the newest one whose structure is another: in that the plan is made anew.
  structure_digest  text,
  plan_generation   integer NOT NULL DEFAULT 0,
  replan_generation integer NOT NULL DEFAULT 0,
  -- How many materialized views were filled when those that could not be were last tried again.
  fills_seen        integer NOT NULL DEFAULT 0
);

-- Read by the lanes every few seconds: changing the row changes a running migration. Null: no limit.
CREATE TABLE sampan.limits (
  run                  text PRIMARY KEY REFERENCES sampan.run ON DELETE CASCADE,
  execution            text NOT NULL,             -- whose task set them; a new start sets them anew
  lanes                integer NOT NULL CHECK (lanes >= 1),
  queries_per_second   double precision CHECK (queries_per_second > 0),
  rows_per_second      double precision CHECK (rows_per_second > 0),
  bytes_per_second     double precision CHECK (bytes_per_second > 0),
  -- The automatic throttle: what the source is to be held below (null: not asked for), and the part of their speed at which
  -- the lanes go for it, with the reason in words. One lane of the run keeps it up to date.
  source_cpu_percent   double precision CHECK (source_cpu_percent > 0),
  source_latency_milliseconds double precision CHECK (source_latency_milliseconds > 0),
  pace                 double precision NOT NULL DEFAULT 1 CHECK (pace > 0 AND pace <= 1),
  pace_reason          text,
  -- Lanes that are counted by what their streams bring, not given: `lanes` is then what was found so far, and is changed by the
  -- lane that leads. Null: the number of lanes was given, by the task or by somebody while it runs.
  most_lanes           integer CHECK (most_lanes >= 1),
  lane_count           jsonb                      -- how far the counting is, for the next lane that leads
);

-- What has passed through each lane's stream since the run began; only where lanes are counted.
CREATE TABLE sampan.lane_bytes (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  lane         integer NOT NULL,
  bytes        double precision NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (run, lane)
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

-- The fence: Seal waits for writers, and writers see Seal. A writer holds the run's row FOR KEY SHARE: an index may be hours
-- under way, and only Seal, which takes the row FOR UPDATE, shall wait for it. The end of the copy, and a run that is started
-- again, write to the row meanwhile. A session says by `sampan.execution` for which start it writes: a later start of the run takes
-- over from the moment at which it has opened it. SP001: the run is sealed; SP007: it is another start's.
CREATE FUNCTION sampan.require_open(run_id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  state text;
  execution text;
  own text := NULLIF(pg_catalog.current_setting('sampan.execution', true), '');
  another boolean;
BEGIN
  SELECT r.state, r.execution INTO state, execution
    FROM sampan.run r WHERE r.id OPERATOR(pg_catalog.=) run_id FOR KEY SHARE;
  another := own OPERATOR(pg_catalog.<>) execution;
  IF state OPERATOR(pg_catalog.=) 'open' AND another IS NOT TRUE THEN RETURN; END IF;
  IF state OPERATOR(pg_catalog.=) 'open' THEN
    RAISE EXCEPTION USING ERRCODE = 'SP007',
      MESSAGE = pg_catalog.concat('another start of this run has taken it over: ', execution);
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'SP001', MESSAGE = pg_catalog.concat(
    CASE WHEN another THEN pg_catalog.concat('another start of this run, ', execution, ', has completed it') ELSE 'the run is sealed' END,
    ': nothing more is written to this destination');
END $$;

-- Until the transaction ends, what is named without a schema is found as on the source, pg_catalog's own first.
CREATE FUNCTION sampan.use_source_path(run_id text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_catalog.set_config('search_path', COALESCE(
    (SELECT r.source OPERATOR(pg_catalog.->>) 'searchPath' FROM sampan.run r WHERE r.id OPERATOR(pg_catalog.=) run_id), ''), true);
END $$;
