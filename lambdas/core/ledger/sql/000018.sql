-- What the destination calls an object, where that is another name than the source's; as in sampan.relation, null is the source's.
ALTER TABLE sampan.object
  ADD COLUMN destination_schema text,
  ADD COLUMN destination_name text;

ALTER TABLE sampan.sequence
  ADD COLUMN destination_schema text,
  ADD COLUMN destination_name text;

-- Where the destination finds what is named without a schema: the source's path, in the names that schemas have here.
CREATE OR REPLACE FUNCTION sampan.use_source_path(run_id text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_catalog.set_config('search_path', COALESCE(
    (SELECT COALESCE(r.source OPERATOR(pg_catalog.->>) 'destinationSearchPath', r.source OPERATOR(pg_catalog.->>) 'searchPath')
       FROM sampan.run r WHERE r.id OPERATOR(pg_catalog.=) run_id), ''), true);
END $$;

-- As before, with rights on the schema as it is called here: executes one statement of the last stage, with what it needs borrowed. What
-- was borrowed for a statement that fails goes with it.
CREATE OR REPLACE FUNCTION sampan.hand_over_one(run_id text, object_id integer) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  due sampan.object;
  undo text[] := '{}';
  message text;
  context text;
BEGIN
  SELECT * INTO STRICT due FROM sampan.object o WHERE o.run = run_id AND o.id = object_id FOR UPDATE;
  IF due.owner <> '' AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user) THEN
    undo := ARRAY[sampan.borrow_membership(run_id, due.owner),
                  sampan.borrow_create(run_id, due.owner, COALESCE(due.destination_schema, due.schema), due.sql)];
  END IF;
  -- Our own path holds again behind it: the function's end takes it back, and pg_catalog is before it.
  IF due.kind = 'MATERIALIZED VIEW DATA' THEN PERFORM sampan.use_source_path(run_id); END IF;
  EXECUTE due.sql;
  UPDATE sampan.object o
     SET status = CASE o.verdict WHEN 'transform' THEN 'transformed' ELSE 'migrated' END,
         error_code = NULL, error_message = NULL, blocked_by = NULL, finished_at = clock_timestamp()
   WHERE o.run = run_id AND o.id = object_id;
  RETURN undo;
EXCEPTION WHEN OTHERS THEN
  -- Deadlock, lock time-out, out of resources, a row of the catalogue (a membership) that the run of another database changes at
  -- the same moment: another attempt may succeed. The last has no SQLSTATE of its own, and its words are never translated; every
  -- other XX000 would come again.
  IF SQLSTATE ~ '^(40|53|57|58)' OR SQLSTATE = '55P03' OR SQLSTATE = 'XX000' AND SQLERRM LIKE 'tuple concurrently %' THEN RAISE; END IF;
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, context = PG_EXCEPTION_CONTEXT;
  UPDATE sampan.object o
     SET status = 'failed', error_code = SQLSTATE, error_message = sampan.without_values(message, SQLSTATE, context)
   WHERE o.run = run_id AND o.id = object_id;
  RETURN '{}';
END $$;
