-- ack: COMPUTED_ANEW, OWNERS_NOT_KEPT, REG_COLUMNS, POLICIES_LOST
-- What schemas of long standing hold, of every kind something unusual: as on the source.
CREATE SCHEMA "Öl & Gas"; CREATE SCHEMA tools; CREATE EXTENSION btree_gist SCHEMA tools; CREATE EXTENSION citext;
CREATE FUNCTION tools.norm(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 7 AS 'SELECT pg_catalog.lower($1)';
CREATE FUNCTION tools.helper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT norm($1)' SET search_path = tools, pg_catalog;
CREATE TYPE tools.mood AS ENUM ('bad', 'so so', 'it''s "good"'); CREATE TYPE tools.pair AS (a int, "B c" text, m tools.mood[]);
CREATE DOMAIN tools.small AS int DEFAULT 3 CONSTRAINT positive CHECK (VALUE > 0) CONSTRAINT below CHECK (VALUE < 100000);
CREATE DOMAIN tools.smaller AS tools.small CHECK (VALUE < 1000); CREATE DOMAIN tools.smalls AS int[] CHECK (array_length(VALUE, 1) < 10);
CREATE DOMAIN tools.code AS text COLLATE "C" NOT NULL CHECK (VALUE ~ '^[a-z]+$');
ALTER DOMAIN tools.small ADD CONSTRAINT later CHECK (VALUE <> 77) NOT VALID; COMMENT ON CONSTRAINT positive ON DOMAIN tools.small IS 'more than none';
CREATE TYPE tools.span AS RANGE (subtype = float8, subtype_diff = float8mi);
-- An operator class of our own over a composite, and a table in its order.
CREATE TYPE tools.version AS (major int, minor int);
CREATE FUNCTION tools.version_cmp(tools.version, tools.version) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN ($1).major <> ($2).major THEN sign(($1).major - ($2).major)::int ELSE sign(($1).minor - ($2).minor)::int END';
CREATE FUNCTION tools.version_lt(tools.version, tools.version) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT tools.version_cmp($1, $2) < 0';
CREATE FUNCTION tools.version_le(tools.version, tools.version) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT tools.version_cmp($1, $2) <= 0';
CREATE FUNCTION tools.version_eq(tools.version, tools.version) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT tools.version_cmp($1, $2) = 0';
CREATE FUNCTION tools.version_ge(tools.version, tools.version) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT tools.version_cmp($1, $2) >= 0';
CREATE FUNCTION tools.version_gt(tools.version, tools.version) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT tools.version_cmp($1, $2) > 0';
CREATE OPERATOR tools.<# (PROCEDURE = tools.version_lt, LEFTARG = tools.version, RIGHTARG = tools.version, COMMUTATOR = OPERATOR(tools.>#), NEGATOR = OPERATOR(tools.>=#), RESTRICT = scalarltsel);
CREATE OPERATOR tools.<=# (PROCEDURE = tools.version_le, LEFTARG = tools.version, RIGHTARG = tools.version, COMMUTATOR = OPERATOR(tools.>=#), NEGATOR = OPERATOR(tools.>#));
CREATE OPERATOR tools.=# (PROCEDURE = tools.version_eq, LEFTARG = tools.version, RIGHTARG = tools.version, COMMUTATOR = OPERATOR(tools.=#), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR tools.>=# (PROCEDURE = tools.version_ge, LEFTARG = tools.version, RIGHTARG = tools.version, COMMUTATOR = OPERATOR(tools.<=#), NEGATOR = OPERATOR(tools.<#));
CREATE OPERATOR tools.># (PROCEDURE = tools.version_gt, LEFTARG = tools.version, RIGHTARG = tools.version, COMMUTATOR = OPERATOR(tools.<#), NEGATOR = OPERATOR(tools.<=#));
CREATE OPERATOR FAMILY tools.versions USING btree;
CREATE OPERATOR CLASS tools.version_ops FOR TYPE tools.version USING btree FAMILY tools.versions AS OPERATOR 1 tools.<#, OPERATOR 2 tools.<=#, OPERATOR 3 tools.=#, OPERATOR 4 tools.>=#, OPERATOR 5 tools.>#, FUNCTION 1 tools.version_cmp(tools.version, tools.version);
COMMENT ON OPERATOR CLASS tools.version_ops USING btree IS 'by numbers'; COMMENT ON OPERATOR tools.<# (tools.version, tools.version) IS 'older';
CREATE TABLE releases (v tools.version, what citext, EXCLUDE USING btree (v tools.version_ops WITH OPERATOR(tools.=#)));
CREATE UNIQUE INDEX by_version ON releases (v tools.version_ops DESC NULLS LAST, what) WHERE what IS NOT NULL; INSERT INTO releases SELECT ROW(g / 10, g % 10)::tools.version, 'R' || g FROM generate_series(1, 120) g;
-- Casts of three sorts, one through text.
CREATE FUNCTION tools.to_pair(int) RETURNS tools.pair LANGUAGE sql IMMUTABLE AS 'SELECT ROW($1, $1::text, NULL)::tools.pair';
CREATE CAST (int AS tools.pair) WITH FUNCTION tools.to_pair(int) AS ASSIGNMENT; CREATE CAST (text AS tools.version) WITH INOUT; COMMENT ON CAST (int AS tools.pair) IS 'both alike';
-- Aggregates: plain, with a moving state, hypothetical.
CREATE AGGREGATE tools.total(float8) (SFUNC = float8pl, STYPE = float8, INITCOND = '0', MSFUNC = float8pl, MINVFUNC = float8mi, MSTYPE = float8, MINITCOND = '0', COMBINEFUNC = float8pl, PARALLEL = SAFE);
CREATE AGGREGATE tools.middle(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
-- Keys of all sorts.
CREATE TABLE parent (id int, k text, "Quoted, ""Col""" int, valid daterange, PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "a key" UNIQUE (k, id) WITH (fillfactor = 70), UNIQUE (id, k) DEFERRABLE,
  CONSTRAINT apart EXCLUDE USING gist (k tools.gist_text_ops WITH OPERATOR(pg_catalog.=), valid WITH &&) WHERE (k IS NOT NULL) DEFERRABLE INITIALLY DEFERRED);
CREATE UNIQUE INDEX parent_plain ON parent (id); ALTER TABLE parent REPLICA IDENTITY FULL;
INSERT INTO parent SELECT g, 'k' || g, g, daterange('2020-01-01'::date + g, '2020-02-01'::date + g) FROM generate_series(1, 300) g;
CREATE TABLE child (id bigint GENERATED ALWAYS AS IDENTITY (START WITH -5 INCREMENT BY -3 MINVALUE -9000 MAXVALUE -1 CACHE 7 CYCLE), pk text, pid int DEFAULT 1, n smallint GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME "Zähler" START 5),
  CONSTRAINT full_match FOREIGN KEY (pk, pid) REFERENCES parent (k, id) MATCH FULL ON UPDATE CASCADE ON DELETE SET DEFAULT DEFERRABLE INITIALLY DEFERRED);
INSERT INTO child (pk, pid) SELECT 'k' || g, g FROM generate_series(1, 200) g; SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE child ADD CONSTRAINT odd CHECK (pid % 2 = 1) NOT VALID; ALTER TABLE child ADD CONSTRAINT untested CHECK (pid > 0) NO INHERIT;
ALTER TABLE child ALTER pk SET STATISTICS 500, ALTER pk SET (n_distinct = -0.5), ALTER pk SET STORAGE EXTERNAL; ALTER TABLE child SET (fillfactor = 60, autovacuum_enabled = false, toast.autovacuum_vacuum_threshold = 7, parallel_workers = 3);
CREATE INDEX expr ON child (tools.norm(pk) COLLATE "C" text_pattern_ops DESC, (pid + 1) NULLS FIRST) WHERE pid > 5; ALTER TABLE parent CLUSTER ON "a key";
CREATE INDEX by_helper ON child (tools.helper(pk)); CREATE STATISTICS "Öl & Gas".together (dependencies) ON pk, pid FROM child; COMMENT ON STATISTICS "Öl & Gas".together IS 'hang together';
-- Inheritance with more than one parent, overridden defaults, a typed table.
CREATE TABLE base1 (a int DEFAULT 1, b text NOT NULL, CONSTRAINT c1 CHECK (a > 0)); CREATE TABLE base2 (b text, c int DEFAULT 2 NOT NULL);
CREATE TABLE derived (a int DEFAULT 9, d tools.smalls, PRIMARY KEY (c)) INHERITS (base1, base2); ALTER TABLE derived ADD CONSTRAINT own CHECK (c < 100000); INSERT INTO derived (b, c, d) SELECT 'b', g, ARRAY[g] FROM generate_series(1, 99) g; INSERT INTO base1 VALUES (5, 'x');
CREATE TABLE typed OF tools.pair (PRIMARY KEY (a), "B c" WITH OPTIONS DEFAULT 'none' NOT NULL); INSERT INTO typed VALUES (1, E'tab\tnew\nline\\slash', '{bad,"it''s \"good\""}'), (2, '', '{}');
-- Columns that went, names that hurt.
CREATE TABLE "sElEct ""from""" (x1 int, "a'b" text, x2 int, "drop\table" text, "ñ·ÿ 漢字 🙂" int, "tab	in" text, xmin_ int); ALTER TABLE "sElEct ""from""" DROP x1, DROP x2; INSERT INTO "sElEct ""from""" SELECT 'a', 'b', g, 'c', g FROM generate_series(1, 30) g;
CREATE TABLE nocolumns (); INSERT INTO nocolumns DEFAULT VALUES; INSERT INTO nocolumns DEFAULT VALUES; CREATE UNLOGGED TABLE unlogged (a int); INSERT INTO unlogged SELECT generate_series(1, 50);
CREATE TABLE this_name_is_exactly_as_long_as_a_name_may_be_in_postgresql_abcd (this_name_is_exactly_as_long_as_a_name_may_be_in_postgresql_abcd serial PRIMARY KEY); INSERT INTO this_name_is_exactly_as_long_as_a_name_may_be_in_postgresql_abcd SELECT generate_series(1, 9);
-- Values at their edges.
CREATE TABLE edges (id serial PRIMARY KEY, f4 float4, f8 float8, n numeric, ts timestamptz, d date, i interval, tz timetz, arr int[], mat text[], j json, jb jsonb, b bytea, bits varbit, ip inet, mac macaddr, r int4range[], sp tools.span, p tools.pair, ps tools.pair[], tsv tsvector, tq tsquery, x xml, m money, c "char", nm name, pt point, poly polygon, ci citext, u uuid);
INSERT INTO edges (f4, f8, n, ts, d, i, tz, arr, mat, j, jb, b, bits, ip, mac, r, sp, p, ps, tsv, tq, x, m, c, nm, pt, poly, ci, u) VALUES
 ('-0', 'NaN', 'NaN', 'infinity', '-infinity', '-1 year 3 days -04:05:06.789', '23:59:59.999999-15:59', '[-2:0]={1,NULL,3}', E'{{"a,b","c\\"d"},{NULL,"null"}}', '{"a": 1, "a":  2}', '{"z": [1.10, 1e400], "a": null}', '\x00ff5c', B'0101', '::1/64', '08:00:2b:01:02:03', '{empty,"[1,5)","(,)"}', '[1.5,Infinity)', ROW(NULL, '"),(', '{bad}'), ARRAY[ROW(1, 'x', NULL)::tools.pair, NULL], 'a:1A b:2,3', 'a & !b <-> c', '<a b="c">&amp;</a>', -12.34, '\', 'nm', '(1e-300,-0)', '((0,0),(1,1),(2,0))', 'MiXed', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
 ('1e-45', '5e-324', '1e-1000', '4713-01-01 BC', '5874897-12-31', '178000000 years', '00:00+15:59', '{}', '{}', ' [ ] ', '""', '', B'', '10.0.0.0/8', NULL, '{}', 'empty', NULL, '{}', '', '', NULL, 0, '', '', '(0,0)', '((0,0))', '', NULL), ('3.4028235e38', '1.7976931348623157e308', repeat('9', 1000)::numeric, 'epoch', '0001-01-01 BC', '0', '12:00', NULL, NULL, NULL, NULL, decode(repeat('ab', 5000), 'hex'), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
-- Views of all sorts, and what stands on them.
CREATE VIEW checked AS SELECT id, k FROM parent WHERE id > 10 WITH LOCAL CHECK OPTION; CREATE VIEW barrier WITH (security_barrier, check_option = cascaded) AS SELECT * FROM checked WHERE k LIKE 'k%'; ALTER VIEW barrier ALTER k SET DEFAULT 'k0';
CREATE RECURSIVE VIEW counts (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counts WHERE n < 5; CREATE VIEW renamed AS SELECT p.id AS "was id", c.* FROM parent p LEFT JOIN child c USING (id); ALTER TABLE child RENAME n TO n_renamed;
CREATE MATERIALIZED VIEW filled WITH (fillfactor = 80) AS SELECT k, count(*) AS n, tools.total(id) AS t FROM parent GROUP BY k; CREATE UNIQUE INDEX ON filled (k); CREATE MATERIALIZED VIEW unfilled AS TABLE filled WITH NO DATA; COMMENT ON COLUMN filled.n IS 'how many';
CREATE VIEW grouped AS SELECT id, k, "Quoted, ""Col""" FROM parent GROUP BY id, k, "Quoted, ""Col"""; CREATE VIEW keyed AS SELECT t.a, t."B c" FROM typed t GROUP BY t.a;
-- Rules and triggers, switched in every way.
CREATE TABLE log (at text, what text); CREATE RULE noted AS ON DELETE TO parent WHERE old.id > 1000 DO ALSO INSERT INTO log VALUES ('now', old.k); CREATE RULE "never!" AS ON UPDATE TO log DO INSTEAD NOTHING; ALTER TABLE log DISABLE RULE "never!"; COMMENT ON RULE "never!" ON log IS 'not now';
CREATE RULE through AS ON INSERT TO renamed DO INSTEAD INSERT INTO log SELECT new.pk, new.pid::text RETURNING NULL::int, NULL::bigint, at, 1, NULL::smallint;
CREATE FUNCTION tools.noted() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO log VALUES (TG_NAME, TG_ARGV[0]); RETURN NEW; END $f$;
CREATE TRIGGER "one ""two""" BEFORE UPDATE OF k, valid ON parent FOR EACH ROW WHEN (old.k IS DISTINCT FROM new.k) EXECUTE PROCEDURE tools.noted('it''s', E'back\\slash'); CREATE CONSTRAINT TRIGGER late AFTER INSERT ON child DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE PROCEDURE tools.noted();
CREATE TRIGGER seen AFTER UPDATE ON child REFERENCING OLD TABLE AS "from" NEW TABLE AS "to" FOR EACH STATEMENT EXECUTE PROCEDURE tools.noted(); ALTER TABLE child ENABLE REPLICA TRIGGER late, ENABLE ALWAYS TRIGGER seen; ALTER TABLE parent DISABLE TRIGGER "one ""two"""; CREATE TRIGGER instead INSTEAD OF DELETE ON grouped FOR EACH ROW EXECUTE PROCEDURE tools.noted();
CREATE FUNCTION tools.watched() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER watching ON ddl_command_start WHEN TAG IN ('DROP TABLE') EXECUTE PROCEDURE tools.watched(); ALTER EVENT TRIGGER watching ENABLE REPLICA; COMMENT ON EVENT TRIGGER watching IS 'off';
-- Functions.
CREATE FUNCTION tools.many(a int, INOUT b text DEFAULT 'x', VARIADIC c numeric[] DEFAULT '{}', OUT d tools.pair) RETURNS record LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER LEAKPROOF COST 3.5 SET search_path = "Öl & Gas", tools, '$user' SET work_mem = '5MB' SET "my.var" = 'it''s' AS $body$ BEGIN /* $$ */ b := b || '''\'; END $body$;
CREATE FUNCTION tools.rows(OUT a int, OUT "B" text) RETURNS SETOF record LANGUAGE sql ROWS 5 AS $$ SELECT 1, 'x' $$; CREATE FUNCTION tools.tab(n int) RETURNS TABLE (id int, p tools.pair) LANGUAGE sql AS 'SELECT 1, NULL::tools.pair'; CREATE FUNCTION tools.rows(text) RETURNS parent[] LANGUAGE sql AS 'SELECT NULL::parent[]';
COMMENT ON FUNCTION tools.many(int, text, numeric[]) IS E'two\nlines, "quoted"'; CREATE TABLE defaulted (a text DEFAULT (tools.many(1)).b, o text DEFAULT tools.helper('A'), s int DEFAULT nextval('tools.later_seq'::text), t timestamptz DEFAULT now()); INSERT INTO defaulted (a, s) VALUES ('a', 1);
CREATE SEQUENCE tools.later_seq AS smallint INCREMENT -2 MINVALUE -100 MAXVALUE 50 START 50 CACHE 3 CYCLE; SELECT nextval('tools.later_seq'), nextval('tools.later_seq'); CREATE SEQUENCE owned OWNED BY defaulted.s; SELECT setval('owned', 77, false);
-- Text search, conversions.
CREATE TEXT SEARCH DICTIONARY tools.plain (TEMPLATE = pg_catalog.simple, ACCEPT = false, STOPWORDS = english); CREATE TEXT SEARCH CONFIGURATION tools."Suche" (PARSER = "default"); ALTER TEXT SEARCH CONFIGURATION tools."Suche" ADD MAPPING FOR asciiword, word WITH tools.plain, english_stem; COMMENT ON TEXT SEARCH CONFIGURATION tools."Suche" IS 'search';
CREATE INDEX words ON edges USING gin (to_tsvector('tools."Suche"', ci::text)) ; CREATE CONVERSION tools.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
-- Partitions in other schemas, of other column orders.
CREATE TABLE parts (day date NOT NULL, kind text, n int DEFAULT 5) PARTITION BY RANGE (day, n); CREATE TABLE "Öl & Gas".p1 (gone int, n int DEFAULT 7, kind text COLLATE "C", day date NOT NULL); ALTER TABLE "Öl & Gas".p1 DROP gone; ALTER TABLE "Öl & Gas".p1 ALTER kind TYPE text COLLATE "default"; ALTER TABLE parts ATTACH PARTITION "Öl & Gas".p1 FOR VALUES FROM (MINVALUE, MINVALUE) TO ('2020-01-01', 10);
CREATE TABLE parts_sub PARTITION OF parts FOR VALUES FROM ('2020-01-01', 10) TO (MAXVALUE, MAXVALUE) PARTITION BY LIST (lower(kind)); CREATE TABLE parts_a PARTITION OF parts_sub (n DEFAULT 11, CONSTRAINT few CHECK (n < 100000)) FOR VALUES IN ('a', NULL); CREATE TABLE parts_b PARTITION OF parts_sub FOR VALUES IN ('b', E'x\\y''z'); CREATE UNIQUE INDEX ON parts_b (n);
INSERT INTO parts SELECT '2019-06-01'::date + g, CASE g % 4 WHEN 0 THEN 'A' WHEN 1 THEN 'b' WHEN 2 THEN NULL ELSE E'X\\Y''Z' END, g FROM generate_series(11, 500) g;
-- Rights, row security.
GRANT SELECT (id, k), UPDATE (k) ON parent TO PUBLIC; REVOKE ALL ON FUNCTION tools.many(int, text, numeric[]) FROM PUBLIC; REVOKE USAGE ON TYPE tools.mood FROM PUBLIC; REVOKE ALL ON SCHEMA tools FROM PUBLIC; GRANT USAGE ON SCHEMA tools TO PUBLIC; REVOKE USAGE ON LANGUAGE sql FROM PUBLIC; GRANT USAGE ON LANGUAGE sql TO PUBLIC; GRANT USAGE ON SEQUENCE owned TO PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA "Öl & Gas" GRANT SELECT ON TABLES TO PUBLIC; ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; ALTER TABLE releases ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY "seen by all" ON releases FOR ALL TO PUBLIC USING (what <> 'R7') WITH CHECK (true); CREATE POLICY narrower ON releases AS RESTRICTIVE FOR DELETE USING (false); COMMENT ON POLICY narrower ON releases IS 'none';
ALTER TABLE log ENABLE ROW LEVEL SECURITY;
SELECT lo_from_bytea(70001, decode(repeat('00ff', 3000), 'hex')), lo_create(70002), lo_from_bytea(70003, 'x'); SELECT lo_put(70003, 5000, 'far'); GRANT SELECT ON LARGE OBJECT 70001 TO PUBLIC; COMMENT ON LARGE OBJECT 70002 IS 'empty';
-- Foreign things, publications.
CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE outside (a text OPTIONS (force_null 'true'), b int) SERVER files OPTIONS (filename '/nowhere/it''s.csv', format 'csv'); ALTER FOREIGN TABLE outside ADD CONSTRAINT sure CHECK (b > 0); CREATE USER MAPPING FOR PUBLIC SERVER files; COMMENT ON SERVER files IS 'local';
CREATE PUBLICATION told FOR TABLE parent, ONLY base1 WITH (publish = 'insert, delete');
COMMENT ON INDEX expr IS 'expression'; COMMENT ON CONSTRAINT full_match ON child IS 'full'; COMMENT ON TRIGGER seen ON child IS 'seen'; COMMENT ON COLUMN tools.pair."B c" IS 'attribute'; COMMENT ON TYPE tools.span IS 'span'; COMMENT ON SEQUENCE "Zähler" IS 'counter'; COMMENT ON AGGREGATE tools.total(float8) IS 'sum'; COMMENT ON SCHEMA "Öl & Gas" IS 'oil';
