-- dstpg: create role low42
-- dstpg: create role reader42
-- dstpg: create role owner42
-- A view, a materialized view and a SECURITY DEFINER function of a limited owner show no more rows than before: owners are kept.
CREATE ROLE low42; CREATE ROLE reader42; CREATE ROLE owner42; 
CREATE TABLE doc (id int PRIMARY KEY, secret bool); INSERT INTO doc SELECT g, g%2=0 FROM generate_series(1,100) g;
ALTER TABLE doc ENABLE ROW LEVEL SECURITY; GRANT SELECT ON doc TO low42;
CREATE POLICY open_only ON doc FOR SELECT TO low42 USING (NOT secret);
GRANT CREATE ON SCHEMA public TO low42;
CREATE VIEW v AS SELECT * FROM doc; ALTER VIEW v OWNER TO low42; GRANT SELECT ON v TO reader42;
CREATE MATERIALIZED VIEW m AS SELECT * FROM v WITH NO DATA; ALTER MATERIALIZED VIEW m OWNER TO low42;
CREATE UNIQUE INDEX ON m (id); GRANT SELECT ON m TO reader42; REFRESH MATERIALIZED VIEW m;
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.doc'; ALTER FUNCTION f() OWNER TO low42;
CREATE SCHEMA "Own" AUTHORIZATION owner42;
SET ROLE owner42;
CREATE TABLE "Own".t (id serial PRIMARY KEY, again int GENERATED ALWAYS AS IDENTITY, x text DEFAULT 'x');
INSERT INTO "Own".t (x) SELECT 'y' FROM generate_series(1,10);
CREATE SEQUENCE "Own".free; CREATE TYPE "Own".mood AS ENUM ('a', 'b'); CREATE DOMAIN "Own".word AS text;
CREATE TYPE "Own".span AS RANGE (SUBTYPE = int4);
CREATE FUNCTION "Own".add(int, text DEFAULT 'a,b') RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PROCEDURE "Own".do() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE "Own".total(int) (SFUNC = int4pl, STYPE = int); CREATE OPERATOR "Own".@@@ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl);
CREATE COLLATION "Own".posix (locale = 'C'); CREATE STATISTICS "Own".st ON id, x FROM "Own".t; CREATE TEXT SEARCH CONFIGURATION "Own".search (COPY = simple);
CREATE TABLE "Own".cut (id int) PARTITION BY RANGE (id); CREATE TABLE "Own".cut_1 PARTITION OF "Own".cut FOR VALUES FROM (1) TO (9);
CREATE VIEW "Own".grouped AS SELECT id, x FROM "Own".t GROUP BY id;
REVOKE INSERT ON "Own".t FROM owner42; GRANT SELECT ON "Own".t TO reader42;
RESET ROLE;
CREATE TABLE "Own".of_another (id int PRIMARY KEY); ALTER TABLE "Own".of_another OWNER TO low42;
-- check: set role reader42
-- check: select count(*), f() from v
-- check: select count(*) from m
-- check: reset role
-- check: select has_schema_privilege('low42', '"Own"', 'create'), has_schema_privilege('owner42', '"Own"', 'create')
