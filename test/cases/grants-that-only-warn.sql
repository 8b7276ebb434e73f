-- ack: RIGHTS_NOT_TAKEN
-- dstpg: create role m30 login createdb createrole
-- dstpg: create role app30
-- dstpg: grant connect, create, temporary on database :db to m30
-- dst: alter schema public owner to postgres
-- dst: grant all on schema public to public
-- dst: create extension citext
-- dstuser: m30
-- Must hold: rights that the destination account may not give or take are not reported as migrated: REVOKE CREATE ON SCHEMA public FROM PUBLIC, GRANT USAGE … TO app, EXECUTE of an extension's function taken from PUBLIC. PostgreSQL only warns (01006, 01007).
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname='app30') THEN CREATE ROLE app30; END IF; END $$;
CREATE EXTENSION citext; REVOKE ALL ON FUNCTION citext_hash(citext) FROM PUBLIC; GRANT EXECUTE ON FUNCTION citext_hash(citext) TO app30;
ALTER SCHEMA public OWNER TO postgres; REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO app30;
REVOKE ALL ON FUNCTION pg_catalog.pg_sleep(float8) FROM PUBLIC; REVOKE ALL ON LANGUAGE plpgsql FROM PUBLIC; GRANT USAGE ON LANGUAGE plpgsql TO app30;
CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1);
-- check: select nspacl from pg_namespace where nspname='public'
-- check: select has_schema_privilege('public','public','create') as everybody_may_create_in_public, has_function_privilege('public','citext_hash(citext)','execute') as everybody_fn, has_function_privilege('app30','citext_hash(citext)','execute') as app_fn, has_function_privilege('public','pg_sleep(float8)','execute') as everybody_sleeps, has_language_privilege('public','plpgsql','usage') as lang
