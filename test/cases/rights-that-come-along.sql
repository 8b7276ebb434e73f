-- dstpg: create role low61
-- What a type or a table brings along by itself has rights of its own, and pg_dump says nothing of them.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'low61') THEN CREATE ROLE low61; END IF; END $$;
CREATE SCHEMA "Own"; GRANT USAGE ON SCHEMA "Own" TO PUBLIC;
CREATE TYPE "Own"."Span" AS RANGE (SUBTYPE = int4);
REVOKE EXECUTE ON FUNCTION "Own"."Span"(int, int), "Own"."Span"(int, int, text), "Own"."Span_multirange"("Own"."Span"[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION "Own"."Span"(int, int) TO low61 WITH GRANT OPTION;
CREATE TABLE "Own"."T" (a int PRIMARY KEY); CREATE VIEW "Own".v AS SELECT 1 AS a; CREATE MATERIALIZED VIEW "Own".m AS SELECT 1 AS a;
REVOKE USAGE ON TYPE "Own"."T", "Own".v, "Own".m FROM PUBLIC; GRANT USAGE ON TYPE "Own"."T" TO low61;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;
CREATE TYPE born AS RANGE (SUBTYPE = int8); CREATE TABLE plain (a int, b born);
-- check: select p.oid::regprocedure::text, has_function_privilege('public', p.oid, 'execute'), has_function_privilege('low61', p.oid, 'execute with grant option') from pg_proc p where pronamespace in ('public'::regnamespace, '"Own"'::regnamespace) order by 1
-- check: select t.oid::regtype::text, has_type_privilege('public', t.oid, 'usage'), has_type_privilege('low61', t.oid, 'usage') from pg_type t where typnamespace in ('public'::regnamespace, '"Own"'::regnamespace) order by 1
