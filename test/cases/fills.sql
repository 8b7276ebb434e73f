-- Materialized views that cannot be filled, or not at once. Must hold: all else arrives and is sealed, the report names them.
-- check: SELECT (SELECT count(*) FROM cached), (SELECT count(*) FROM zz_first), (SELECT sum(n) FROM mm_second), (SELECT sum(n) FROM aa_third), (SELECT sum(n) FROM over_third)
-- dcheck: SELECT matviewname FROM pg_matviews WHERE NOT ispopulated AND schemaname = 'public' ORDER BY 1
-- dcheck: SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND reltuples < 1 ORDER BY 1
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1', dbname 'x');
CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'u', password 'p');
CREATE TABLE loc (id int PRIMARY KEY);
INSERT INTO loc SELECT generate_series(1, 10);
CREATE FOREIGN TABLE remote (id int, t text) SERVER far;
CREATE MATERIALIZED VIEW cached AS SELECT id, 'a'::text AS t FROM loc;
-- Whoever analyzes the parent asks the server of its child
CREATE TABLE tree (id int, t text);
INSERT INTO tree SELECT generate_series(1, 10);
CREATE FOREIGN TABLE leaf () INHERITS (tree) SERVER far;
CREATE TABLE parts (id int) PARTITION BY LIST (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
INSERT INTO parts_1 VALUES (1);
CREATE FOREIGN TABLE parts_far PARTITION OF parts DEFAULT SERVER far;
-- A function of a statistics' expression may say no to rows that have come in later
CREATE TABLE counted (n int, m int);
INSERT INTO counted SELECT g, g FROM generate_series(1, 10) AS g;
CREATE FUNCTION ratio(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1 / n; END';
CREATE STATISTICS of_ratio ON ratio(n), m FROM counted;
INSERT INTO counted VALUES (0, 0);
CREATE VIEW vr AS SELECT * FROM remote;
CREATE MATERIALIZED VIEW from_far AS SELECT * FROM vr WITH NO DATA;
CREATE INDEX from_far_id ON from_far (id);
CREATE MATERIALIZED VIEW over_far AS SELECT count(*) FROM from_far WITH NO DATA;
CREATE MATERIALIZED VIEW never AS SELECT id FROM loc WITH NO DATA;
-- Views that read each other through functions: the largest, which is filled first, reads the smaller ones
CREATE FUNCTION hidden() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT sum(id) FROM public.zz_first); END';
CREATE FUNCTION hidden_more() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT sum(n) FROM public.mm_second); END';
CREATE MATERIALIZED VIEW zz_first AS SELECT id FROM loc;
CREATE MATERIALIZED VIEW mm_second AS SELECT hidden() AS n FROM generate_series(1, 2000);
CREATE MATERIALIZED VIEW aa_third AS SELECT hidden_more() AS n FROM generate_series(1, 5000);
CREATE MATERIALIZED VIEW over_third AS SELECT n FROM aa_third;
-- Filled, over one that is so no more
CREATE MATERIALIZED VIEW below AS SELECT id FROM loc;
CREATE MATERIALIZED VIEW above AS SELECT id FROM below;
REFRESH MATERIALIZED VIEW below WITH NO DATA;
-- They were filled while the server could be asked
SET allow_system_table_mods = on;
UPDATE pg_class SET relispopulated = true WHERE relname IN ('from_far', 'over_far');
