-- ack: RIGHTS_NOT_TAKEN
-- dstpg: create role m09 login createdb createrole
-- dstpg: create role other09
-- dstpg: alter database :db owner to m09
-- dstuser: m09
-- Must hold: a destination account that is no superuser gets through; rights on pg_catalog objects and default privileges of foreign roles are left out with a reason or come along, never a failure.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname='other09') THEN CREATE ROLE other09; CREATE ROLE absent09; END IF; END $$;
CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO other09, absent09;
ALTER DEFAULT PRIVILEGES FOR ROLE other09 IN SCHEMA s GRANT ALL ON SEQUENCES TO absent09 WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA s GRANT SELECT ON TABLES TO other09;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
GRANT SELECT (subconninfo) ON pg_catalog.pg_subscription TO other09; GRANT SELECT ON pg_catalog.pg_authid TO absent09;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO other09; REVOKE ALL ON FUNCTION pg_catalog.pg_sleep(float8) FROM PUBLIC; GRANT ALL ON LANGUAGE plpgsql TO other09;
CREATE TABLE s.t (a int PRIMARY KEY, b text); GRANT SELECT (b), UPDATE (a) ON s.t TO other09 WITH GRANT OPTION; GRANT SELECT ON s.t TO absent09, PUBLIC;
CREATE FUNCTION s.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; GRANT EXECUTE ON FUNCTION s.f() TO other09;
INSERT INTO s.t SELECT g,'x' FROM generate_series(1,10) g;
REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT CREATE ON SCHEMA public TO other09; COMMENT ON SCHEMA public IS 'ours';
-- dcheck: select has_function_privilege('public','s.f()','execute'), has_table_privilege('other09','s.t','select'), has_column_privilege('other09','s.t','b','select'), nspacl from pg_namespace where nspname='public'
