-- ack: COMPUTED_ANEW
-- ack: ROLES_MISSING
CREATE ROLE helpers_owner;
ALTER ROLE helpers_owner SET search_path = "$user", "Lib, too", public;
CREATE SCHEMA helpers_owner AUTHORIZATION helpers_owner; CREATE SCHEMA "Lib, too" AUTHORIZATION helpers_owner;
CREATE EXTENSION btree_gist;
SET search_path = helpers_owner, "Lib, too", public;
CREATE FUNCTION "Lib, too".half(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
CREATE FUNCTION quarter(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT half(half($1))';
-- What swallows its error gives a value all the same: another one, where the helper is not found.
CREATE FUNCTION guarded(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN half($1) % 2 = 0; EXCEPTION WHEN others THEN RETURN false; END $$;
CREATE TABLE stay (id int PRIMARY KEY, room int, q int GENERATED ALWAYS AS (quarter(id)) STORED, g boolean GENERATED ALWAYS AS (guarded(id)) STORED,
  CONSTRAINT apart EXCLUDE USING gist (quarter(id * 4) WITH =, room WITH =) WHERE (guarded(id)));
CREATE STATISTICS stay_quarters ON quarter(id), quarter(room) FROM stay;
CREATE TABLE parts (id int) PARTITION BY RANGE (quarter(id));
CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (100); CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (100) TO (1000);
INSERT INTO stay SELECT g, g % 3 FROM generate_series(1, 400) g; INSERT INTO parts SELECT g FROM generate_series(1, 1000) g;
DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['stay', 'parts', 'parts_low', 'parts_high'] LOOP EXECUTE format('ALTER TABLE helpers_owner.%I OWNER TO helpers_owner', t); END LOOP; END $$;
ANALYZE stay;
-- check: SELECT count(*) FROM helpers_owner.stay WHERE g
