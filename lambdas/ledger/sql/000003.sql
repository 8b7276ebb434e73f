-- Keys, indexes and foreign keys are made while other tables are still copied, in steps that do not lock each other out.

ALTER TABLE sampan.object
  ADD COLUMN rows_of    oid[],                    -- relations whose rows must be there first; null: all rows of the database
  ADD COLUMN works_on   text,                     -- the table that a key is added to, as SQL; of its long steps one at a time
  -- Two steps, each a transaction: the first is long or locks briefly, the second takes what the first one has made.
  -- Null where the object is made by `sql` as it is.
  ADD COLUMN build_sql  text,
  ADD COLUMN finish_sql text,
  ADD COLUMN built_at   timestamptz,              -- receipt of the first step
  ADD COLUMN finished_at timestamptz;             -- receipt of the whole

-- Claims one step of an object for a lane. `alone`: of all steps with the same text only one is under way at a time.
-- SP002: another lane has the receipt; SP003: another lane is at work on it.
CREATE FUNCTION sampan.claim_step(run_id text, object_id integer, built boolean, alone text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM sampan.object o
    WHERE o.run OPERATOR(pg_catalog.=) run_id AND o.id OPERATOR(pg_catalog.=) object_id FOR UPDATE SKIP LOCKED;
  IF NOT FOUND OR alone IS NOT NULL AND NOT pg_catalog.pg_try_advisory_xact_lock(
       1935764849, pg_catalog.hashtext(run_id OPERATOR(pg_catalog.||) alone)) THEN
    RAISE EXCEPTION USING ERRCODE = 'SP003', MESSAGE = 'another lane works on the object or on its table';
  END IF;
  PERFORM 1 FROM sampan.object o
    WHERE o.run OPERATOR(pg_catalog.=) run_id AND o.id OPERATOR(pg_catalog.=) object_id
      AND (o.built_at IS NOT NULL) OPERATOR(pg_catalog.=) built;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SP002', MESSAGE = 'the step has its receipt already';
  END IF;
  PERFORM sampan.claim_object(run_id, object_id);
END $$;
