-- A check that reads its own table, checks that a changed function and the clock have broken since, on a partitioned table and an heir too; checks that hold.
CREATE SCHEMA a_first; CREATE TABLE a_first.chain (h int PRIMARY KEY, prev int);
CREATE FUNCTION a_first.prev_ok(ph int) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN ph IS NULL OR EXISTS (SELECT 1 FROM a_first.chain c WHERE c.h = ph); END $$;
ALTER TABLE a_first.chain ADD CONSTRAINT chained CHECK (a_first.prev_ok(prev)); INSERT INTO a_first.chain VALUES (1, NULL);
DO $$ BEGIN FOR i IN 2..500 LOOP INSERT INTO a_first.chain VALUES (i, i - 1); END LOOP; END $$;
CREATE TABLE coupon (id int PRIMARY KEY, until date CONSTRAINT plain CHECK (until > DATE '2000-01-01'), told text, CONSTRAINT soon CHECK (until > now() - interval '1 second'));
CREATE FUNCTION fits(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
CREATE TABLE part (id int PRIMARY KEY, n int, CONSTRAINT n_fits CHECK (fits(n))); COMMENT ON CONSTRAINT n_fits ON part IS 'was true once';
CREATE TABLE tree (id int, n int, CONSTRAINT n_fits CHECK (fits(n))) PARTITION BY RANGE (id); CREATE TABLE leaf PARTITION OF tree FOR VALUES FROM (0) TO (100);
CREATE TABLE parent (id int, CONSTRAINT id_fits CHECK (fits(id))); CREATE TABLE heir (extra int, CONSTRAINT extra_fits CHECK (fits(extra))) INHERITS (parent);
CREATE TABLE holds (id int PRIMARY KEY, CONSTRAINT holds CHECK (fits(id + 100)));
INSERT INTO coupon SELECT g, current_date + 1 FROM generate_series(1, 100) g; INSERT INTO part SELECT g, g FROM generate_series(1, 500) g;
INSERT INTO tree SELECT g, g FROM generate_series(1, 50) g; INSERT INTO parent SELECT generate_series(1, 50); INSERT INTO heir SELECT g, g + 50 FROM generate_series(1, 50) g; INSERT INTO holds SELECT generate_series(1, 50);
CREATE OR REPLACE FUNCTION fits(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 10';
