-- dstpg: create role app17
-- The schema that every database has belongs to the application's role, as many set it up: it owns it on the destination too.
CREATE ROLE app17;
ALTER SCHEMA public OWNER TO app17;
CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);
-- check: select pg_get_userbyid(nspowner), nspacl::text from pg_namespace where nspname = 'public'
-- check: select has_schema_privilege('app17', 'public', 'create')
