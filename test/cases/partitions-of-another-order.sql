-- dbopt: ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0
-- dstdbopt: ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0
-- ack: COLLATION_DIFFERS
CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'); CREATE DOMAIN moods AS mood[]; CREATE TYPE pair AS (m mood, n int);
-- "a" < "B" < "c" in the one, "B" < "a" < "c" in the other.
CREATE TABLE by_name (id int, t text) PARTITION BY RANGE (t);
CREATE TABLE by_name1 PARTITION OF by_name FOR VALUES FROM (MINVALUE) TO ('N'); CREATE TABLE by_name2 PARTITION OF by_name FOR VALUES FROM ('N') TO (MAXVALUE);
CREATE TABLE by_pair (id int, p pair) PARTITION BY HASH (p);
CREATE TABLE by_pair0 PARTITION OF by_pair FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE by_pair1 PARTITION OF by_pair FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE by_moods (id int, m moods) PARTITION BY HASH (m);
CREATE TABLE by_moods0 PARTITION OF by_moods FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE by_moods1 PARTITION OF by_moods FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE by_lower (id int, t text) PARTITION BY RANGE (id, lower(t));
CREATE TABLE by_lower1 PARTITION OF by_lower FOR VALUES FROM (0, MINVALUE) TO (50, 'é'); CREATE TABLE by_lower2 PARTITION OF by_lower FOR VALUES FROM (50, 'é') TO (1000, MAXVALUE);
-- A tree of a safe key, with an unsafe one inside.
CREATE TABLE outer_tree (id int, t text) PARTITION BY LIST (id); CREATE TABLE outer_one PARTITION OF outer_tree FOR VALUES IN (1) PARTITION BY RANGE (t); CREATE TABLE outer_two PARTITION OF outer_tree FOR VALUES IN (2);
CREATE TABLE outer_one1 PARTITION OF outer_one FOR VALUES FROM (MINVALUE) TO ('N'); CREATE TABLE outer_one2 PARTITION OF outer_one FOR VALUES FROM ('N') TO (MAXVALUE);
INSERT INTO by_name SELECT g, CASE g % 2 WHEN 0 THEN chr(65 + g % 26) ELSE chr(97 + g % 26) END || g FROM generate_series(1, 300) g;
INSERT INTO by_pair SELECT g, ROW((enum_range(NULL::mood))[1 + g % 8], g)::pair FROM generate_series(1, 100) g;
INSERT INTO by_moods SELECT g, ARRAY[(enum_range(NULL::mood))[1 + g % 8]] FROM generate_series(1, 100) g;
INSERT INTO by_lower SELECT g, chr(65 + g % 26) || 'É' FROM generate_series(1, 100) g; INSERT INTO outer_tree SELECT 1 + g % 2, chr(65 + g % 26 + g % 2 * 32) FROM generate_series(1, 100) g;
-- check: SELECT count(*), sum(id) FROM by_name
-- check: SELECT count(*) FROM outer_tree WHERE id = 1
-- dcheck: SELECT count(*) FROM by_name WHERE t = 'z25'
-- dcheck: SELECT count(*) FROM by_moods WHERE m = ARRAY['c']::mood[]
-- dcheck: SELECT count(*) FROM by_pair WHERE p = ROW('b', 1)::pair
