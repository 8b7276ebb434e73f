-- Rights: owners, what is given away at the end, and what everything is compared with.

-- Who owns what and who may do what with it, as the plan comes to it: compared with the catalogue before the run is sealed.
CREATE TABLE sampan.expected_right (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  object       integer,                           -- what makes it; null: no object does
  owner_object integer,                           -- what gives it to its owner
  kind         text    NOT NULL,                  -- as pg_identify_object says it
  identity     text    NOT NULL,
  owner        text,                              -- null: whoever it is
  acl          text[],                            -- ["SELECT", "rapp", false], ...; null: as such an object is born
  columns      text[],
  traits       text[]  NOT NULL
);
CREATE INDEX expected_right_run ON sampan.expected_right (run);

-- Rights to a row-secured table are given only where its security is on and the policies stand that take rows away. SP005.
CREATE FUNCTION sampan.require_policies(of_table regclass, names text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  missing text;
BEGIN
  SELECT CASE WHEN NOT c.relrowsecurity THEN 'its row security is not on'
              ELSE (SELECT pg_catalog.format('it lacks the policy %I', n.name) FROM pg_catalog.unnest(names) AS n(name)
                     WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_policy p
                                        WHERE p.polrelid OPERATOR(pg_catalog.=) c.oid
                                          AND p.polname OPERATOR(pg_catalog.=) n.name::pg_catalog.name) LIMIT 1) END
    INTO missing FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) of_table;
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'SP005',
      MESSAGE = 'rights to the table would show more rows than on the source: ' OPERATOR(pg_catalog.||) missing;
  END IF;
END $$;

-- Rights that the account took to make another role the owner of something: a membership, or CREATE for that role. They are
-- taken and given back in one transaction, so nobody else ever sees them, whatever ends it; these are the receipts of both.
CREATE TABLE sampan.borrowed_right (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  role         text    NOT NULL,
  taken        text    NOT NULL,                  -- the statement that took it
  given_back   text    NOT NULL,                  -- the statement that gave it back
  taken_at     timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  given_back_at timestamptz,
  PRIMARY KEY (run, role, taken)
);

-- Makes the account a member of a role as far as ALTER ... OWNER TO asks for it: any member before 16, one with SET from then on,
-- and INHERIT to refresh what the role then owns. Returns the statement that gives it back, null where nothing was taken.
CREATE FUNCTION sampan.borrow_membership(run_id text, of_role name) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  grant_sql text := format('GRANT %I TO %I', of_role, current_user);
  undo text := format('REVOKE %I FROM %I', of_role, current_user);
  held jsonb;
  fresh record;
BEGIN
  IF current_setting('server_version_num')::integer < 160000 THEN
    IF pg_has_role(of_role, 'MEMBER') THEN RETURN NULL; END IF;
    EXECUTE grant_sql;
  ELSE
    IF pg_has_role(of_role, 'SET')
       AND (pg_has_role(of_role, 'USAGE') OR NOT pg_has_role(of_role, 'MEMBER WITH ADMIN OPTION')) THEN RETURN NULL; END IF;
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

-- A new owner must be allowed to create where the object is: in its schema, or for a schema or publication in the database.
CREATE FUNCTION sampan.borrow_create(run_id text, for_role name, due_schema text, due_sql text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  place text;
BEGIN
  IF due_schema IS NOT NULL THEN
    IF has_schema_privilege(for_role, due_schema, 'CREATE') THEN RETURN NULL; END IF;
    place := format('CREATE ON SCHEMA %I', due_schema);
  ELSIF due_sql ~ '^ALTER (SCHEMA|PUBLICATION) ' THEN
    IF has_database_privilege(for_role, current_database(), 'CREATE') THEN RETURN NULL; END IF;
    place := format('CREATE ON DATABASE %I', current_database());
  ELSE
    RETURN NULL;
  END IF;
  EXECUTE format('GRANT %s TO %I', place, for_role);
  INSERT INTO sampan.borrowed_right (run, role, taken, given_back)
  VALUES (run_id, for_role, format('GRANT %s TO %I', place, for_role), format('REVOKE %s FROM %I', place, for_role))
    ON CONFLICT (run, role, taken) DO UPDATE SET given_back_at = NULL;
  RETURN format('REVOKE %s FROM %I', place, for_role);
END $$;

-- A server's message without values of rows, by the same rules as lambdas/core/postgres/errors.ts: data errors (class 22) quote them,
-- and what a function of the user's raises is up to its author. Such a function is to be seen in the context above ours.
CREATE FUNCTION sampan.without_values(message text, state text, context text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN state ~ '^(38|39|P0)' OR regexp_replace(context, '[^\n]*sampan\.hand_over_one\(.*$', '') ~ '\mPL/'
      THEN 'a function of the database raised an error (its words are withheld: they may quote a row)'
    ELSE regexp_replace(split_part(CASE
           WHEN state LIKE '22%' THEN regexp_replace(message, '".*$', '...')
           ELSE regexp_replace(message, '^(invalid input .*?: )".*$', '\1...') END, E'\n', 1),
         '0x[0-9a-f]{2}( 0x[0-9a-f]{2})*', '0x...', 'g') END
$$;

-- Executes one statement of the last stage, with what it needs borrowed. What was borrowed for a statement that fails goes
-- with it.
CREATE FUNCTION sampan.hand_over_one(run_id text, object_id integer) RETURNS text[]
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
  -- Deadlock, lock time-out, out of resources, a membership that the run of another database changes at the same moment (XX000):
  -- another attempt may succeed.
  IF SQLSTATE ~ '^(40|53|57|58)' OR SQLSTATE IN ('55P03', 'XX000') THEN RAISE; END IF;
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, context = PG_EXCEPTION_CONTEXT;
  UPDATE sampan.object o
     SET status = 'failed', error_code = SQLSTATE, error_message = sampan.without_values(message, SQLSTATE, context)
   WHERE o.run = run_id AND o.id = object_id;
  RETURN '{}';
END $$;

-- The last stage: up to `most` objects get their owners, and what only their owners can do is done for them. Each succeeds or
-- fails by itself. Returns how many are left.
CREATE FUNCTION sampan.hand_over(run_id text, most integer) RETURNS integer
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
    IF undo[1] IS NOT NULL THEN memberships := memberships || undo[1]; END IF;
    IF undo[2] IS NOT NULL THEN rights := rights || undo[2]; END IF;
  END LOOP;
  FOREACH statement IN ARRAY rights || memberships LOOP EXECUTE statement; END LOOP;
  UPDATE sampan.borrowed_right b SET given_back_at = clock_timestamp() WHERE b.run = run_id AND b.given_back_at IS NULL;
  RETURN (SELECT count(*) FROM sampan.object o WHERE o.run = run_id AND o.stage = 'own' AND o.status = 'pending');
END $$;

-- Takes from an object that this transaction has made what the destination's default privileges gave it or took from it: what
-- somebody may do is what its own rights say. With a range type go the functions that it has brought along.
CREATE FUNCTION sampan.plain_rights(object_kind text, object_schema text, object_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own xid := (txid_current() % 4294967296)::text::xid;
  of_class "char" := CASE WHEN object_kind IN ('FUNCTION', 'PROCEDURE', 'AGGREGATE') THEN 'f' WHEN object_kind IN ('TYPE', 'DOMAIN') THEN 'T'
                          WHEN object_kind = 'SCHEMA' THEN 'n' ELSE 'r' END;
  full_name text := concat(quote_ident(object_schema) || '.', CASE of_class WHEN 'f' THEN '' ELSE quote_ident(object_name) END);
  type_oid oid;
  statement text;
BEGIN
  IF of_class = 'f' THEN
    -- `name(arguments)`, the name without quotes; an aggregate of anything has a star.
    full_name := full_name || quote_ident(regexp_replace(object_name, '\([^(]*\)$', ''))
                           || replace(substring(object_name FROM '\([^(]*\)$'), '(*)', '()');
  ELSIF of_class = 'T' THEN
    type_oid := full_name::regtype;
  END IF;
  FOR statement IN
    WITH fresh(target, acl, standard) AS (
      SELECT format('%s %s', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass), c.relacl,
             acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)
        FROM pg_class c WHERE of_class = 'r' AND c.oid = CASE of_class WHEN 'r' THEN full_name END::regclass AND c.xmin = own
      UNION ALL
      SELECT format('SCHEMA %I', n.nspname), n.nspacl, acldefault('n', n.nspowner)
        FROM pg_namespace n WHERE of_class = 'n' AND n.nspname = object_name AND n.xmin = own
      UNION ALL
      SELECT format('TYPE %s', t.oid::regtype), t.typacl, acldefault('T', t.typowner)
        FROM pg_type t
       WHERE t.xmin = own AND (t.oid = type_oid
          -- From 17 on a multirange has its range's rights.
          OR current_setting('server_version_num')::integer < 170000 AND t.typtype = 'm' AND EXISTS (
               SELECT FROM pg_depend m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid AND m.deptype = 'i'
                                         AND m.refclassid = 'pg_type'::regclass AND m.refobjid = type_oid))
      UNION ALL
      SELECT format('%s %s', CASE WHEN to_jsonb(p) ->> 'prokind' = 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, p.oid::regprocedure),
             p.proacl, acldefault('f', p.proowner)
        FROM pg_proc p
       WHERE p.xmin = own AND (of_class = 'f' AND p.oid = CASE of_class WHEN 'f' THEN full_name END::regprocedure
          OR of_class = 'T' AND p.oid IN (
               SELECT d.objid FROM pg_depend d
                WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'i' AND d.refclassid = 'pg_type'::regclass
                  AND d.refobjid IN (SELECT type_oid UNION SELECT m.objid FROM pg_depend m
                                      WHERE m.classid = 'pg_type'::regclass AND m.refclassid = 'pg_type'::regclass
                                        AND m.refobjid = type_oid AND m.deptype = 'i')))
    )
    SELECT format('%s ON %s %s', x.verb, f.target, x.whom) FROM fresh f CROSS JOIN LATERAL (
      SELECT 'REVOKE ALL' AS verb, 'FROM ' || COALESCE(quote_ident(r.rolname), 'PUBLIC') AS whom, 1 AS turn
        FROM (SELECT DISTINCT e.grantee FROM aclexplode(f.acl) e) e LEFT JOIN pg_roles r ON r.oid = e.grantee
      UNION ALL
      SELECT 'GRANT ' || d.privilege_type, 'TO ' || COALESCE(quote_ident(r.rolname), 'PUBLIC'), 2
        FROM aclexplode(f.standard) d LEFT JOIN pg_roles r ON r.oid = d.grantee) x
     WHERE f.acl IS NOT NULL ORDER BY x.turn
  LOOP
    EXECUTE statement;
  END LOOP;
END $$;

-- Looks whether one grantee (null: PUBLIC) has on one object, or one column of it, the rights that were to be given, and none that
-- were taken: a GRANT or REVOKE that the account may not say is only warned of. ALL stands for every right there is, but
-- for those that are to be held. SP006.
CREATE FUNCTION sampan.require_rights(
  kind text, target text, of_column text, of_grantee text, held text[], lacking text[]
) RETURNS void LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  acl aclitem[];
  grantee_oid oid := 0;
  has text[];
  missing text;
BEGIN
  IF of_grantee IS NOT NULL THEN
    SELECT r.oid INTO STRICT grantee_oid FROM pg_catalog.pg_roles r WHERE r.rolname = of_grantee::name;
  END IF;
  IF of_column IS NOT NULL THEN
    SELECT a.attacl INTO acl FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = target::pg_catalog.regclass AND a.attname = of_column::name;
  ELSIF kind IN ('TABLE', 'SEQUENCE') THEN
    SELECT COALESCE(c.relacl, pg_catalog.acldefault((CASE kind WHEN 'TABLE' THEN 'r' ELSE 's' END)::"char", c.relowner)) INTO acl
      FROM pg_catalog.pg_class c WHERE c.oid = target::pg_catalog.regclass;
  ELSIF kind IN ('FUNCTION', 'PROCEDURE') THEN
    SELECT COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner)) INTO acl
      FROM pg_catalog.pg_proc p WHERE p.oid = target::pg_catalog.regprocedure;
  ELSIF kind = 'SCHEMA' THEN
    SELECT COALESCE(n.nspacl, pg_catalog.acldefault('n', n.nspowner)) INTO acl
      FROM pg_catalog.pg_namespace n WHERE n.oid = target::pg_catalog.regnamespace;
  ELSIF kind = 'TYPE' THEN
    SELECT COALESCE(t.typacl, pg_catalog.acldefault('T', t.typowner)) INTO acl
      FROM pg_catalog.pg_type t WHERE t.oid = target::pg_catalog.regtype;
  ELSIF kind = 'LANGUAGE' THEN
    SELECT COALESCE(l.lanacl, pg_catalog.acldefault('l', l.lanowner)) INTO acl
      FROM pg_catalog.pg_language l WHERE pg_catalog.quote_ident(l.lanname) = target;
  ELSIF kind = 'FOREIGN DATA WRAPPER' THEN
    SELECT COALESCE(w.fdwacl, pg_catalog.acldefault('F', w.fdwowner)) INTO acl
      FROM pg_catalog.pg_foreign_data_wrapper w WHERE pg_catalog.quote_ident(w.fdwname) = target;
  ELSE
    SELECT COALESCE(s.srvacl, pg_catalog.acldefault('S', s.srvowner)) INTO acl
      FROM pg_catalog.pg_foreign_server s WHERE pg_catalog.quote_ident(s.srvname) = target;
  END IF;
  SELECT COALESCE(pg_catalog.array_agg(e.privilege_type || CASE WHEN e.is_grantable THEN '*' ELSE '' END), '{}') INTO has
    FROM pg_catalog.aclexplode(acl) e WHERE e.grantee = grantee_oid;
  SELECT pg_catalog.string_agg(wrong.what, ', ') INTO missing FROM (
    SELECT h.name || ' was not given' AS what FROM pg_catalog.unnest(held) AS h(name)
     WHERE CASE WHEN h.name LIKE 'ALL%' THEN pg_catalog.cardinality(has) = 0
                ELSE NOT (h.name = ANY (has) OR (h.name || '*') = ANY (has)) END
    UNION ALL
    SELECT x.name || ' was not taken' FROM pg_catalog.unnest(has) AS x(name)
     WHERE (x.name = ANY (lacking) OR pg_catalog.rtrim(x.name, '*') = ANY (lacking) OR 'ALL' = ANY (lacking))
       AND NOT (pg_catalog.rtrim(x.name, '*') = ANY (held) OR (pg_catalog.rtrim(x.name, '*') || '*') = ANY (held)
                OR 'ALL' = ANY (held) OR 'ALL*' = ANY (held))) wrong;
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'SP006', MESSAGE = pg_catalog.format(
      'the account may not give or take rights on %s %s: of %s, %s', pg_catalog.lower(kind), target,
      COALESCE(of_grantee, 'PUBLIC'), missing);
  END IF;
END $$;
