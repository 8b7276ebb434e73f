-- dstpg: create role mover50 login createrole
-- dstpg: create role other50
-- dstpg: alter database :db owner to mover50
-- dst: alter default privileges for role mover50 grant all on tables to public
-- dst: alter default privileges for role mover50 grant all on sequences to other50
-- dst: alter default privileges for role mover50 revoke execute on functions from public
-- dst: alter default privileges for role mover50 grant execute on functions to other50
-- dst: alter default privileges for role mover50 grant all on schemas to public
-- dst: alter default privileges for role mover50 revoke usage on types from public
-- dstuser: mover50
-- What the destination gives by default to what its account makes is given to nothing that is migrated.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'other50') THEN CREATE ROLE other50; CREATE ROLE mover50; END IF; END $$;
CREATE SCHEMA "Own"; CREATE TYPE "Own"."Mood" AS ENUM ('a'); CREATE TYPE "Own".span AS RANGE (SUBTYPE = int4); CREATE DOMAIN "Own".word AS text;
CREATE TABLE "Own"."T" (id serial PRIMARY KEY, again int GENERATED ALWAYS AS IDENTITY, v text); INSERT INTO "Own"."T" (v) VALUES ('x');
GRANT SELECT (v) ON "Own"."T" TO other50; CREATE VIEW "Own".v AS SELECT * FROM "Own"."T"; GRANT SELECT ON "Own".v TO other50 WITH GRANT OPTION;
CREATE MATERIALIZED VIEW "Own".m AS SELECT 1 AS a; CREATE TABLE parted (a int) PARTITION BY LIST (a); CREATE TABLE parted_1 PARTITION OF parted DEFAULT;
CREATE FUNCTION "Own"."F(x)"(int, numeric DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PROCEDURE "Own".p() LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION "Own".closed() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE EXECUTE ON FUNCTION "Own".closed() FROM PUBLIC;
CREATE AGGREGATE "Own".total(int) (SFUNC = int4pl, STYPE = int); CREATE AGGREGATE "Own".counted(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
CREATE VIEW "Own".grouped AS SELECT id, v FROM "Own"."T" GROUP BY id;
CREATE FUNCTION "Own".late() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM "Own".grouped; END;
SELECT lo_from_bytea(4711, 'x');
-- check: select relname, coalesce(array_length(array_remove(array(select x::text from unnest(relacl) x where x::text like '=%' or x::text like 'other50%'), null), 1), 0) from pg_class where relnamespace in ('"Own"'::regnamespace, 'public'::regnamespace) and relkind in ('r', 'v', 'm', 'S', 'p') order by 1
-- check: select oid::regprocedure::text, has_function_privilege('other50', oid, 'execute'), has_function_privilege('public', oid, 'execute') from pg_proc where pronamespace = '"Own"'::regnamespace order by 1
-- check: select typname, has_type_privilege('public', oid, 'usage') from pg_type where typnamespace = '"Own"'::regnamespace order by 1
-- check: select has_schema_privilege('public', '"Own"', 'create'), has_schema_privilege('public', '"Own"', 'usage')
