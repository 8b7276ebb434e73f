-- Repairing what was completed: a sealed run stays sealed, and one repair at a time may write to its destination, by name.

ALTER TABLE sampan.run ADD COLUMN repaired_by text;  -- the repair that is under way; null: nobody may write

-- Receipts: written in the transaction that repaired.
CREATE TABLE sampan.repair (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  execution    text    NOT NULL,
  schema       text    NOT NULL,                  -- on the source
  name         text    NOT NULL,
  deleted      bigint  NOT NULL,
  inserted     bigint  NOT NULL,
  at           timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

-- The fence of a repair: it holds the row as other writers do, so that the next repair waits for it. SP008: another one has begun,
-- or none was.
CREATE FUNCTION sampan.require_repair(run_id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  state text;
  repaired_by text;
BEGIN
  SELECT r.state, r.repaired_by INTO state, repaired_by
    FROM sampan.run r WHERE r.id OPERATOR(pg_catalog.=) run_id FOR KEY SHARE;
  IF state OPERATOR(pg_catalog.=) 'sealed'
     AND repaired_by OPERATOR(pg_catalog.=) NULLIF(pg_catalog.current_setting('sampan.execution', true), '') THEN RETURN; END IF;
  RAISE EXCEPTION USING ERRCODE = 'SP008', MESSAGE = 'the run is not open to this repair: another one has begun since, or it has ended';
END $$;
