-- What a stream of changes makes hard, every table with a key. The sum over bank.account and "Money ""box" is the same after
-- every transaction, on the destination at any moment behind the copy.
SELECT setseed(0.5);
CREATE SCHEMA bank;
CREATE SCHEMA "Odd schema";
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "fine"');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);

CREATE TABLE bank.account (id int PRIMARY KEY, balance numeric NOT NULL, note text);
INSERT INTO bank.account SELECT n, 1000, repeat(md5(n::text), 100) FROM generate_series(1, 150) n;
ALTER TABLE bank.account ALTER note SET STORAGE EXTERNAL;
CREATE TABLE "Odd schema"."Money ""box" ("the id" bigint PRIMARY KEY, "SELECT" numeric NOT NULL);
INSERT INTO "Odd schema"."Money ""box" SELECT n * 9007199254740993 / 1000, 1000 FROM generate_series(1, 50) n;
CREATE TABLE bank.transfer (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, origin int, target bigint, amount numeric,
  at timestamptz DEFAULT clock_timestamp(), twice numeric GENERATED ALWAYS AS (amount * 2) STORED);
-- What a trigger writes is a change like any other, and no trigger writes it twice.
CREATE TABLE bank.audit (id bigserial PRIMARY KEY, account int, old numeric, new numeric);
CREATE FUNCTION bank.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO bank.audit (account, old, new) VALUES (NEW.id, OLD.balance, NEW.balance); RETURN NEW; END $$;
CREATE TRIGGER note AFTER UPDATE OF balance ON bank.account FOR EACH ROW EXECUTE FUNCTION bank.note();

CREATE TABLE toasted (id int PRIMARY KEY, n int, body text, raw bytea, small text);
ALTER TABLE toasted ALTER body SET STORAGE EXTERNAL, ALTER raw SET STORAGE EXTERNAL;
INSERT INTO toasted SELECT n, 0, repeat('ü' || n, 3000), decode(repeat(md5(n::text), 200), 'hex'), 's' FROM generate_series(1, 60) n;

CREATE TABLE place (
  id int PRIMARY KEY, slot int UNIQUE, later int, span int4range,
  CONSTRAINT later UNIQUE (later) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT apart EXCLUDE USING gist (span WITH &&));
INSERT INTO place SELECT n, n, n, int4range(n * 10, n * 10 + 5) FROM generate_series(1, 20) n;

CREATE TABLE parted (id int, day int, v text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
CREATE TABLE "Odd schema"."Part 2" (v text, gone int, day int NOT NULL, id int NOT NULL);
ALTER TABLE "Odd schema"."Part 2" DROP COLUMN gone;
ALTER TABLE parted ATTACH PARTITION "Odd schema"."Part 2" FOR VALUES FROM (10) TO (20);
CREATE TABLE parted_3 PARTITION OF parted DEFAULT PARTITION BY LIST (id);
CREATE TABLE parted_3a PARTITION OF parted_3 DEFAULT;
INSERT INTO parted SELECT n, n % 30, 'v' FROM generate_series(1, 300) n;

CREATE TABLE kinds (
  k1 text COLLATE "C", k2 date, m mood, ms mood[], p pair, ps pair[], d positive, f float8, r float4, b bit(3), vb varbit, c char(5),
  j json, jb jsonb, iv interval, n numeric(12, 3), arr int[], texts text[], ts tsvector, x xml, ip inet, u uuid, pt point, t time,
  tz timestamptz, q "char", rg tstzrange, o oid, by bytea, bo boolean, PRIMARY KEY (k2, k1));
CREATE TABLE "Odd schema".kinds (LIKE kinds INCLUDING ALL);

CREATE TABLE moved (a int, b text, v int, note text, PRIMARY KEY (a, b));
ALTER TABLE moved ALTER note SET STORAGE EXTERNAL;
INSERT INTO moved SELECT n, 'b' || n, n, repeat(md5(n::text), 150) FROM generate_series(1, 100) n;
CREATE TABLE whole (id int PRIMARY KEY, v text, big text);
ALTER TABLE whole REPLICA IDENTITY FULL;
ALTER TABLE whole ALTER big SET STORAGE EXTERNAL;
INSERT INTO whole SELECT n, 'v', repeat(md5(n::text), 150) FROM generate_series(1, 60) n;
CREATE TABLE only_key (k text PRIMARY KEY);
CREATE TABLE emptied (id int PRIMARY KEY, v text);
CREATE TABLE emptied_child (id int PRIMARY KEY, parent int REFERENCES emptied ON DELETE CASCADE);
INSERT INTO emptied SELECT n, 'v' FROM generate_series(1, 30) n;
INSERT INTO emptied_child SELECT n, n FROM generate_series(1, 30) n;
CREATE TABLE bulk (id int PRIMARY KEY, v int NOT NULL);
-- Rows that nothing tells from each other, and keys that two rows may have for a moment.
CREATE TABLE heap (a int, b text, j json, f float8, big text);
ALTER TABLE heap ALTER big SET STORAGE EXTERNAL;
INSERT INTO heap SELECT n % 4, 'b', '{"a" : 1}', '-0', repeat(md5('x'), 150) FROM generate_series(1, 60) n;
CREATE TABLE "Odd schema".heap (LIKE heap);
ALTER TABLE "Odd schema".heap REPLICA IDENTITY NOTHING;
CREATE TABLE deferred (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v text);
INSERT INTO deferred SELECT n, 'v' FROM generate_series(1, 30) n;
CREATE TABLE unique_only (u int NOT NULL UNIQUE, v text, big text);
ALTER TABLE unique_only ALTER big SET STORAGE EXTERNAL;
INSERT INTO unique_only SELECT n, 'v', repeat(md5(n::text), 150) FROM generate_series(1, 30) n;
CREATE MATERIALIZED VIEW total AS SELECT sum(balance) AS sum FROM bank.account;
CREATE SEQUENCE fresh;
