-- dst: create extension citext
-- check: SELECT extname, obj_description(oid, 'pg_extension') FROM pg_extension ORDER BY 1
-- What lies in a tablespace of its own; a comment of one's own on an extension, beside one that came with it.
CREATE EXTENSION citext; CREATE EXTENSION "uuid-ossp"; COMMENT ON EXTENSION "uuid-ossp" IS 'ours: ask Ada';
CREATE TABLE "In Fast" (id int PRIMARY KEY USING INDEX TABLESPACE sampan_fast, v text) TABLESPACE sampan_fast; INSERT INTO "In Fast" VALUES (1, 'x');
CREATE INDEX fast_v ON "In Fast" (v) TABLESPACE sampan_fast;
CREATE MATERIALIZED VIEW fast_view TABLESPACE sampan_fast AS SELECT 1 AS one;
CREATE TABLE plain (id int PRIMARY KEY);
