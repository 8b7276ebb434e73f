-- dstpg: create role mover43 login createdb createrole
-- dstpg: set role mover43; create role low43; create role reader43; create role boss43
-- dstpg: alter database :db owner to mover43
-- dstuser: mover43
-- ack: OWNERS_NOT_KEPT
-- An account that is no superuser gives objects to their owners by rights that it borrows, and keeps none of them.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gone43') THEN
 CREATE ROLE low43; CREATE ROLE reader43; CREATE ROLE boss43; CREATE ROLE gone43; CREATE ROLE mover43;
END IF; END $$;
CREATE TABLE doc (id serial PRIMARY KEY, secret bool); INSERT INTO doc SELECT g, g%2=0 FROM generate_series(1,100) g;
ALTER TABLE doc ENABLE ROW LEVEL SECURITY; GRANT SELECT ON doc TO low43, gone43, mover43; ALTER TABLE doc OWNER TO boss43;
CREATE POLICY open_only ON doc FOR SELECT TO low43, gone43 USING (NOT secret);
CREATE VIEW v AS SELECT * FROM doc; ALTER VIEW v OWNER TO low43; GRANT SELECT ON v TO reader43;
CREATE VIEW of_gone AS SELECT * FROM doc; ALTER VIEW of_gone OWNER TO gone43;
GRANT CREATE ON SCHEMA public TO low43;
CREATE MATERIALIZED VIEW m AS SELECT * FROM v WITH NO DATA; ALTER MATERIALIZED VIEW m OWNER TO low43;
CREATE UNIQUE INDEX ON m (id); GRANT SELECT ON m TO reader43; REFRESH MATERIALIZED VIEW m; REVOKE CREATE ON SCHEMA public FROM low43;
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.doc'; ALTER FUNCTION f() OWNER TO low43;
CREATE SCHEMA own AUTHORIZATION boss43; CREATE TABLE own.t (a int PRIMARY KEY); ALTER TABLE own.t OWNER TO low43;
INSERT INTO own.t SELECT generate_series(1, 10); REVOKE ALL ON own.t FROM low43;
CREATE TYPE own.mood AS ENUM ('a'); ALTER TYPE own.mood OWNER TO low43; ALTER DEFAULT PRIVILEGES FOR ROLE low43 GRANT SELECT ON TABLES TO reader43;
-- check: set role reader43
-- check: select count(*), f() from v
-- check: select count(*) from m
-- check: reset role
-- check: select has_schema_privilege('low43', 'own', 'create'), has_schema_privilege('low43', 'public', 'create'), has_schema_privilege('boss43', 'own', 'create')
-- check: select has_table_privilege('low43', 'own.t', 'select'), has_table_privilege('mover43', 'doc', 'select'), has_table_privilege('mover43', 'doc', 'update')
-- check: select relname, pg_get_userbyid(relowner) from pg_class where relname in ('v', 'm', 'doc', 't') or relname like 'doc_%' order by 1
-- check: select distinct pg_get_userbyid(defaclrole), pg_get_userbyid((aclexplode(defaclacl)).grantee) from pg_default_acl order by 1, 2
-- dcheck: select r.rolname, m.admin_option from pg_auth_members m join pg_roles r on r.oid = m.roleid where m.member = 'mover43'::regrole order by 1
-- dcheck: select role, given_back, given_back_at is not null from sampan.borrowed_right order by 1, 2
