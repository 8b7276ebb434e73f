-- What later servers have no more: aggregates over array_append(anyarray, anyelement), postfix operators, columns of the
-- catalogue, types of old; with what needs it, and what does not.
CREATE TABLE ok (a int PRIMARY KEY, b text); INSERT INTO ok SELECT g, 'x' FROM generate_series(1, 100) g;
CREATE AGGREGATE as_array(anyelement) (SFUNC = array_append, STYPE = anyarray, INITCOND = '{}');
CREATE AGGREGATE cat_all(anyarray) (SFUNC = array_cat, STYPE = anyarray, INITCOND = '{}');
COMMENT ON AGGREGATE cat_all(anyarray) IS 'goes with it';
CREATE FUNCTION fac(bigint) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 1::numeric';
CREATE OPERATOR !!! (LEFTARG = bigint, PROCEDURE = fac);
CREATE VIEW oldcat AS SELECT relname, relhasoids FROM pg_class;
CREATE VIEW oldproc AS SELECT proname FROM pg_proc WHERE NOT proisagg;
GRANT SELECT ON oldproc TO PUBLIC;
CREATE VIEW uses AS SELECT as_array(a) AS l FROM ok;
CREATE VIEW uses_uses AS SELECT count(*) FROM uses;
CREATE MATERIALIZED VIEW in_backup AS SELECT pg_is_in_backup() AS x;
CREATE FUNCTION plain() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE old (id serial PRIMARY KEY, t abstime, r reltime, i tinterval); INSERT INTO old (t, r) VALUES ('2001-01-01', '1 day');
CREATE INDEX old_t ON old (t);
CREATE VIEW of_old AS SELECT id FROM old;
CREATE FUNCTION since(abstime) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE POLICY today ON ok USING (EXISTS (SELECT FROM pg_class WHERE relhasoids));
CREATE VIEW fine AS SELECT relname FROM pg_class; CREATE VIEW of_ok AS SELECT a FROM ok;
