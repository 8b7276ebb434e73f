-- A writer holds the run's row FOR KEY SHARE: an index may be hours under way, and only Seal, which takes the row FOR UPDATE,
-- shall wait for it. The end of the copy, and a run that is started again, write to the row meanwhile.
CREATE OR REPLACE FUNCTION sampan.require_open(run_id text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM sampan.run r
    WHERE r.id OPERATOR(pg_catalog.=) run_id AND r.state OPERATOR(pg_catalog.=) 'open' FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SP001', MESSAGE = 'the run is sealed: nothing more is written to this destination';
  END IF;
END $$;
