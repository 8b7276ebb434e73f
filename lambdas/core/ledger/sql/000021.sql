-- The ledger is the run's memory: where somebody else has deleted rows of it, nothing that it still says is to be trusted.

-- What was deleted, and by whom; null: nothing was.
ALTER TABLE sampan.run ADD COLUMN damage text;

-- Our own sessions say for which start they write. Whoever does not is a person with a client; only the names of tables are noted. With
-- the run's own row, which takes all others along, there is nothing left to note it in: the fence misses that by itself.
CREATE FUNCTION sampan.note_damage() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  told text := format('%s in sampan.%s by the account %s at %s', lower(TG_OP), TG_TABLE_NAME, session_user,
                      to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'));
BEGIN
  IF NULLIF(current_setting('sampan.execution', true), '') IS NOT NULL THEN RETURN NULL; END IF;
  IF TG_OP = 'TRUNCATE' THEN
    UPDATE sampan.run r SET damage = told WHERE r.damage IS NULL;
  ELSE
    UPDATE sampan.run r SET damage = told WHERE r.damage IS NULL AND r.id IN (SELECT DISTINCT g.run FROM gone g);
  END IF;
  RETURN NULL;
END $$;

DO $$
DECLARE
  of_ledger regclass;
BEGIN
  FOR of_ledger IN
    SELECT a.attrelid FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
     WHERE c.relnamespace OPERATOR(pg_catalog.=) 'sampan'::pg_catalog.regnamespace AND c.relkind OPERATOR(pg_catalog.=) 'r'
       AND a.attname OPERATOR(pg_catalog.=) 'run' AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
  LOOP
    EXECUTE pg_catalog.format('CREATE TRIGGER note_damage AFTER DELETE ON %s REFERENCING OLD TABLE AS gone
                                 FOR EACH STATEMENT EXECUTE PROCEDURE sampan.note_damage()', of_ledger);
    EXECUTE pg_catalog.format('CREATE TRIGGER note_emptied AFTER TRUNCATE ON %s
                                 FOR EACH STATEMENT EXECUTE PROCEDURE sampan.note_damage()', of_ledger);
  END LOOP;
END $$;

-- As before, and: SP009: the ledger is damaged, or does not know the run any more.
CREATE OR REPLACE FUNCTION sampan.require_open(run_id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  state text;
  execution text;
  damage text;
  own text := NULLIF(pg_catalog.current_setting('sampan.execution', true), '');
  another boolean;
BEGIN
  SELECT r.state, r.execution, r.damage INTO state, execution, damage
    FROM sampan.run r WHERE r.id OPERATOR(pg_catalog.=) run_id FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SP009', MESSAGE = 'somebody has deleted rows of the ledger: the row of the run itself';
  END IF;
  another := own OPERATOR(pg_catalog.<>) execution;
  IF state OPERATOR(pg_catalog.=) 'open' AND another IS NOT TRUE THEN
    IF damage IS NULL THEN RETURN; END IF;
    RAISE EXCEPTION USING ERRCODE = 'SP009', MESSAGE = pg_catalog.concat('somebody has deleted rows of the ledger: ', damage);
  END IF;
  IF state OPERATOR(pg_catalog.=) 'open' THEN
    RAISE EXCEPTION USING ERRCODE = 'SP007',
      MESSAGE = pg_catalog.concat('another start of this run has taken it over: ', execution);
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'SP001', MESSAGE = pg_catalog.concat(
    CASE WHEN another THEN pg_catalog.concat('another start of this run, ', execution, ', has completed it') ELSE 'the run is sealed' END,
    ': nothing more is written to this destination');
END $$;
