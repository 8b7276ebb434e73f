-- dstpg: create role fills_low
-- Materialized views over row-secured tables are filled by their owners, last of all; some read each other through functions alone.
-- check: SELECT (SELECT sum(id) FROM base_v), (SELECT max(n) FROM aa_first), (SELECT n FROM plain_over)
CREATE ROLE fills_low; GRANT CREATE ON SCHEMA public TO fills_low;
CREATE SCHEMA lib; GRANT USAGE ON SCHEMA lib TO fills_low; ALTER DATABASE :"db" SET search_path = public, lib;
CREATE TABLE doc (id int PRIMARY KEY, secret bool); INSERT INTO doc SELECT g, g % 2 = 0 FROM generate_series(1, 100) g;
ALTER TABLE doc ENABLE ROW LEVEL SECURITY; GRANT SELECT ON doc TO fills_low;
CREATE POLICY open_only ON doc FOR SELECT TO fills_low USING (NOT secret);
CREATE FUNCTION lib.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
SET search_path = public, lib;
CREATE FUNCTION by_path(i int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN twice(i); END $$;
CREATE FUNCTION hidden() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT sum(id) FROM public.base_v); END';
CREATE FUNCTION over_hidden() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(n) FROM public.aa_first); END';
CREATE MATERIALIZED VIEW base_v AS SELECT by_path(id) AS id FROM doc WITH NO DATA; ALTER MATERIALIZED VIEW base_v OWNER TO fills_low;
REFRESH MATERIALIZED VIEW base_v; GRANT SELECT ON base_v TO PUBLIC;
CREATE MATERIALIZED VIEW aa_first AS SELECT hidden() AS n FROM doc WITH NO DATA; ALTER MATERIALIZED VIEW aa_first OWNER TO fills_low;
REFRESH MATERIALIZED VIEW aa_first; GRANT SELECT ON aa_first TO PUBLIC;
CREATE MATERIALIZED VIEW plain_over AS SELECT over_hidden() AS n;
CREATE MATERIALIZED VIEW above AS SELECT n FROM plain_over;
