-- Makes the account a member of a role as far as ALTER ... OWNER TO asks for it: any member before 16, one with SET from then on,
-- and INHERIT to refresh what the role then owns. From 16 on GRANT looks for its grantor among the roles that the account inherits
-- from; an ADMIN option that it only reaches by SET ROLE ends in "no possible grantors" (select_best_admin in acl.c).
-- Returns the statement that gives it back, null where nothing was taken. 42501 where the account can do neither.
CREATE OR REPLACE FUNCTION sampan.borrow_membership(run_id text, of_role name) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  grant_sql text := format('GRANT %I TO %I', of_role, current_user);
  undo text := format('REVOKE %I FROM %I', of_role, current_user);
  held jsonb;
  fresh record;
  grantable boolean;
BEGIN
  IF current_setting('server_version_num')::integer < 160000 THEN
    IF pg_has_role(of_role, 'MEMBER') THEN RETURN NULL; END IF;
    EXECUTE grant_sql;
  ELSE
    grantable := EXISTS (SELECT FROM pg_auth_members m
                          WHERE m.roleid = (SELECT oid FROM pg_roles WHERE rolname = of_role)
                            AND m.admin_option AND pg_has_role(m.member, 'USAGE'));
    IF pg_has_role(of_role, 'SET') AND (pg_has_role(of_role, 'USAGE') OR NOT grantable) THEN RETURN NULL; END IF;
    IF NOT grantable THEN
      RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format(
        'the account may neither SET ROLE %I nor grant it: it inherits from no role that has its ADMIN option', of_role);
    END IF;
    -- One role may have been granted by several, each time with other options: only what changes is given back.
    SELECT COALESCE(jsonb_object_agg(m.grantor, to_jsonb(m)), '{}') INTO held FROM pg_auth_members m
     WHERE m.roleid = (SELECT oid FROM pg_roles WHERE rolname = of_role)
       AND m.member = (SELECT oid FROM pg_roles WHERE rolname = current_user);
    grant_sql := grant_sql || ' WITH INHERIT TRUE, SET TRUE';
    EXECUTE grant_sql;
    SELECT g.rolname AS grantor, held -> (m.grantor::text) AS earlier INTO STRICT fresh
      FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.grantor
     WHERE m.roleid = (SELECT oid FROM pg_roles WHERE rolname = of_role)
       AND m.member = (SELECT oid FROM pg_roles WHERE rolname = current_user)
       AND held -> (m.grantor::text) IS DISTINCT FROM to_jsonb(m);
    IF fresh.earlier IS NOT NULL THEN
      undo := format('GRANT %I TO %I WITH INHERIT %s, SET %s', of_role, current_user,
                     fresh.earlier ->> 'inherit_option', fresh.earlier ->> 'set_option');
    END IF;
    undo := undo || format(' GRANTED BY %I', fresh.grantor);
  END IF;
  INSERT INTO sampan.borrowed_right (run, role, taken, given_back) VALUES (run_id, of_role, grant_sql, undo)
    ON CONFLICT (run, role, taken) DO UPDATE SET given_back = EXCLUDED.given_back, given_back_at = NULL;
  RETURN undo;
END $$;

-- As before; what the functions that borrow say is ours, too.
CREATE OR REPLACE FUNCTION sampan.without_values(message text, state text, context text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN state ~ '^(38|39|P0)' OR regexp_replace(context, '[^\n]*sampan\.(hand_over_one|borrow_membership|borrow_create)\(.*$', '') ~ '\mPL/'
      THEN 'a function of the database raised an error (its words are withheld: they may quote a row)'
    ELSE regexp_replace(split_part(CASE
           WHEN state LIKE '22%' THEN regexp_replace(message, '".*$', '...')
           ELSE regexp_replace(message, '^(invalid input .*?: )".*$', '\1...') END, E'\n', 1),
         '0x[0-9a-f]{2}( 0x[0-9a-f]{2})*', '0x...', 'g') END
$$;

-- Executes one statement of the last stage, with what it needs borrowed. What was borrowed for a statement that fails goes
-- with it.
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
    undo := ARRAY[sampan.borrow_membership(run_id, due.owner), sampan.borrow_create(run_id, due.owner, due.schema, due.sql)];
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

-- The last stage: up to `most` objects get their owners, and what only their owners can do is done for them. Each succeeds or
-- fails by itself. Returns how many are left.
CREATE OR REPLACE FUNCTION sampan.hand_over(run_id text, most integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  due record;
  undo text[];
  memberships text[] := '{}';
  rights text[] := '{}';
  statement text;
BEGIN
  PERFORM sampan.require_open(run_id);
  -- The batch of a call that died may still be under way: what it has given is not given once more.
  PERFORM pg_advisory_xact_lock(1935764850, hashtext(run_id));
  FOR due IN SELECT o.id, o.sql FROM sampan.object o
              WHERE o.run = run_id AND o.stage = 'own' AND o.status = 'pending' ORDER BY o.position LIMIT most LOOP
    IF due.sql LIKE 'ALTER SCHEMA %' THEN
      -- Once the schema is its owner's, CREATE on it is no longer borrowed, and must not be taken from him.
      FOREACH statement IN ARRAY rights LOOP EXECUTE statement; END LOOP;
      rights := '{}';
    END IF;
    undo := sampan.hand_over_one(run_id, due.id);
    -- Last taken, first given back: a membership may have been granted by a role that was itself borrowed before.
    IF undo[1] IS NOT NULL THEN memberships := undo[1] || memberships; END IF;
    IF undo[2] IS NOT NULL THEN rights := rights || undo[2]; END IF;
  END LOOP;
  FOREACH statement IN ARRAY rights || memberships LOOP EXECUTE statement; END LOOP;
  UPDATE sampan.borrowed_right b SET given_back_at = clock_timestamp() WHERE b.run = run_id AND b.given_back_at IS NULL;
  RETURN (SELECT count(*) FROM sampan.object o WHERE o.run = run_id AND o.stage = 'own' AND o.status = 'pending');
END $$;
