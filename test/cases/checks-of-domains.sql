-- A domain's check that reads a table whose rows come later than its own, one that a changed function has broken since, and one that holds no more than itself.
CREATE TABLE z_known (code text PRIMARY KEY); INSERT INTO z_known SELECT 'k' || g FROM generate_series(1, 500) g;
CREATE FUNCTION is_known(text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN EXISTS (SELECT FROM public.z_known k WHERE k.code = $1); END $$;
CREATE DOMAIN code AS text DEFAULT 'k1' CONSTRAINT is_known CHECK (is_known(VALUE)) CONSTRAINT short CHECK (length(VALUE) < 100);
COMMENT ON CONSTRAINT is_known ON DOMAIN code IS 'reads a table'; COMMENT ON DOMAIN code IS 'of z_known';
CREATE TABLE a_uses (id int PRIMARY KEY, c code NOT NULL, UNIQUE (c)); INSERT INTO a_uses SELECT g, 'k' || g FROM generate_series(1, 500) g;
CREATE FUNCTION fits(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
CREATE DOMAIN small AS int CONSTRAINT small_fits CHECK (fits(VALUE)); COMMENT ON CONSTRAINT small_fits ON DOMAIN small IS 'was true once';
CREATE TABLE b_uses (id int PRIMARY KEY, n small); INSERT INTO b_uses SELECT g, g FROM generate_series(1, 100) g;
CREATE OR REPLACE FUNCTION fits(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 10';
CREATE FUNCTION z_limit(int) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN $1 <= (SELECT count(*) FROM public.z_known); END $$;
CREATE TABLE c_reads (id int PRIMARY KEY, n int CONSTRAINT reads CHECK (z_limit(n))); INSERT INTO c_reads SELECT g, g FROM generate_series(1, 500) g;
