/**
 * What an application may do to the structure of the nasty database (nasty.sql) while it is migrated, each a transaction of its own.
 * What changes rows too does it in the same transaction: there is one moment before and one after.
 */
export const DDL: Readonly<Record<string, string>> = {
  // Tables
  'create a table': `CREATE TABLE late (id int PRIMARY KEY, t text); INSERT INTO late SELECT n, 'late' FROM generate_series(1, 500) n`,
  'create a schema with a table': `CREATE SCHEMA new_schema; CREATE TABLE new_schema.t AS SELECT n FROM generate_series(1, 300) n`,
  'drop a table': 'DROP TABLE wide',
  'drop an empty table': 'DROP TABLE empty',
  'drop a table and make it again': `DROP TABLE twin CASCADE; CREATE TABLE twin (one int, other int); INSERT INTO twin VALUES (1, 2)`,
  'rename a table': 'ALTER TABLE heap_log RENAME TO heap_story',
  'swap two tables by their names': `CREATE TABLE wide_new (LIKE wide INCLUDING ALL); INSERT INTO wide_new SELECT id + 1000, body, raw FROM wide;
    ALTER TABLE wide RENAME TO wide_old; ALTER TABLE wide_new RENAME TO wide`,
  'move a table to another schema': 'ALTER TABLE wide SET SCHEMA "Odd schema"',
  'rename a schema': 'ALTER SCHEMA "Odd schema" RENAME TO "Odder schema"',
  'drop a schema': 'DROP SCHEMA "Odd schema" CASCADE',
  'truncate a table': 'TRUNCATE heap_log',
  'truncate and restart identity': 'TRUNCATE "Order" RESTART IDENTITY',
  'truncate and fill a table': `TRUNCATE heap_log; INSERT INTO heap_log SELECT 'anew', now() FROM generate_series(1, 2000)`,
  'rewrite by VACUUM FULL': 'VACUUM FULL heap_log',
  'rewrite by CLUSTER': 'CLUSTER customer USING customer_pkey',
  'set a table unlogged': 'ALTER TABLE wide SET UNLOGGED',
  'set storage parameters': 'ALTER TABLE wide SET (fillfactor = 70); ALTER TABLE wide ALTER body SET STORAGE MAIN',
  'set the replica identity': 'ALTER TABLE heap_log REPLICA IDENTITY FULL',

  // Columns
  'add a column and fill it': `ALTER TABLE heap_log ADD COLUMN extra int; UPDATE heap_log SET extra = 7`,
  'add a column with a default': 'ALTER TABLE "Order" ADD COLUMN extra int DEFAULT 7',
  'add a column with a volatile default': 'ALTER TABLE "Order" ADD COLUMN stamp timestamptz DEFAULT clock_timestamp()',
  'drop a column': 'ALTER TABLE "Order" DROP COLUMN doc',
  'drop a column and add it again': `ALTER TABLE wide DROP COLUMN raw; ALTER TABLE wide ADD COLUMN raw bytea DEFAULT '\\x01'`,
  'rename a column': 'ALTER TABLE heap_log RENAME COLUMN line TO words',
  'rename columns crosswise': `ALTER TABLE twin RENAME COLUMN one TO x; ALTER TABLE twin RENAME COLUMN other TO one;
    ALTER TABLE twin RENAME COLUMN x TO other`,
  'rename columns of two types crosswise': `ALTER TABLE customer RENAME COLUMN score TO x; ALTER TABLE customer RENAME COLUMN invited_by TO score;
    ALTER TABLE customer RENAME COLUMN x TO invited_by`,
  'change a column’s type': 'ALTER TABLE twin ALTER one TYPE bigint',
  'change a column’s type and its values': `ALTER TABLE heap_log ALTER at TYPE timestamptz USING at + interval '1 day'`,
  'set and drop NOT NULL': 'ALTER TABLE "Order" ALTER placed DROP NOT NULL; ALTER TABLE twin ALTER one SET NOT NULL',
  'change a default': `ALTER TABLE customer ALTER mood SET DEFAULT 'sad'`,
  'drop the identity of a column': 'ALTER TABLE audit ALTER n DROP IDENTITY',
  'make a column an identity': 'ALTER TABLE empty ALTER id ADD GENERATED ALWAYS AS IDENTITY (START 77)',
  'make a generated column plain': 'ALTER TABLE customer ALTER shout DROP EXPRESSION',

  // Trees
  'create a partition with rows': `CREATE TABLE event_new PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
    INSERT INTO event SELECT n, '2025-01-15', 'sad' FROM generate_series(90001, 90400) n`,
  'attach a partition': `CREATE TABLE event_new (id bigint, day date NOT NULL, kind mood, PRIMARY KEY (id, day));
    INSERT INTO event_new SELECT n, '2025-01-15', 'sad' FROM generate_series(90001, 90400) n;
    ALTER TABLE event ATTACH PARTITION event_new FOR VALUES FROM ('2025-01-01') TO ('2025-02-01')`,
  'detach a partition': 'ALTER TABLE event DETACH PARTITION event_1',
  'detach a partition concurrently': 'ALTER TABLE by_mood DETACH PARTITION by_mood_1 CONCURRENTLY',
  'detach a partition by the hash of an enum': 'ALTER TABLE by_mood DETACH PARTITION by_mood_2',
  'detach a tree within a tree': 'ALTER TABLE event DETACH PARTITION event_2',
  'detach a partition and attach it with other bounds': `ALTER TABLE event DETACH PARTITION event_1;
    ALTER TABLE event ATTACH PARTITION event_1 FOR VALUES FROM ('2023-12-01') TO ('2024-02-01')`,
  'drop a partition': 'DROP TABLE event_2b',
  'disinherit a child': 'ALTER TABLE twin_child NO INHERIT twin',
  'inherit another child': `CREATE TABLE twin_other (one int, other int); INSERT INTO twin_other VALUES (5, 6); ALTER TABLE twin_other INHERIT twin`,

  // Types
  'rename labels of an enum crosswise': `ALTER TYPE mood RENAME VALUE 'sad' TO 'x'; ALTER TYPE mood RENAME VALUE 'ok' TO 'sad';
    ALTER TYPE mood RENAME VALUE 'x' TO 'ok'`,
  'rename a label of an enum': `ALTER TYPE mood RENAME VALUE 'sad' TO 'gloomy'`,
  'add a label to an enum': `ALTER TYPE mood ADD VALUE 'merry' BEFORE 'ok'`,
  'rename an attribute of a composite type': 'ALTER TYPE pair RENAME ATTRIBUTE a TO x',
  'add a check to a domain': 'ALTER DOMAIN positive ADD CHECK (VALUE < 1000000)',
  'rename a type': 'ALTER TYPE mood RENAME TO temper',
  'create a type': `CREATE TYPE colour AS ENUM ('red', 'green'); CREATE TABLE painted AS SELECT 'red'::colour AS colour FROM generate_series(1, 20)`,

  // Constraints and indexes
  'create an index': 'CREATE INDEX late_index ON heap_log (at)',
  'create an index concurrently': 'CREATE INDEX CONCURRENTLY late_index ON heap_log (at)',
  'drop an index': 'DROP INDEX "Order_placed_idx"',
  'rebuild indexes': 'REINDEX TABLE customer',
  'add a check': 'ALTER TABLE twin ADD CONSTRAINT small CHECK (one < 1000000)',
  'add a unique key': 'ALTER TABLE wide ADD UNIQUE (id)',
  'drop a primary key': 'ALTER TABLE "Odd schema"."Odd ""name" DROP CONSTRAINT "Odd ""name_pkey"',
  'add a foreign key': 'ALTER TABLE audit ADD COLUMN customer int REFERENCES customer',
  'drop a foreign key': 'ALTER TABLE "Order" DROP CONSTRAINT "Order_customer_fkey"',
  'create statistics': 'CREATE STATISTICS late_statistics ON one, other FROM twin',

  // Sequences
  'create a sequence': 'CREATE SEQUENCE late_sequence START 5',
  'drop a sequence': 'DROP SEQUENCE never_called',
  'rename a sequence': 'ALTER SEQUENCE never_called RENAME TO still_never_called',
  'change a sequence’s step': 'ALTER SEQUENCE downward INCREMENT -7',
  'restart a sequence': 'ALTER SEQUENCE downward RESTART',
  'set a sequence back': `SELECT setval('"Order_id_seq"', 10)`,

  // What reads tables, and what acts on them
  'create a view': 'CREATE VIEW late_view AS SELECT mail FROM customer',
  'replace a view':
    'CREATE OR REPLACE VIEW rich AS SELECT c.*, o.amount FROM customer c JOIN "Order" o ON o.customer = c.id',
  'drop a view': 'DROP VIEW rich',
  'create a materialized view': 'CREATE MATERIALIZED VIEW late_fill AS SELECT count(*) AS n FROM "Order"',
  'fill a materialized view': 'REFRESH MATERIALIZED VIEW unfilled',
  'drop materialized views': 'DROP MATERIALIZED VIEW per_day CASCADE',
  'create a function': `CREATE FUNCTION late() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
  'replace a function':
    'CREATE OR REPLACE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
  'create a trigger': 'CREATE TRIGGER late AFTER DELETE ON customer FOR EACH STATEMENT EXECUTE FUNCTION note()',
  'drop a trigger': 'DROP TRIGGER spoil ON heap_log',
  'disable a trigger': 'ALTER TABLE heap_log DISABLE TRIGGER spoil',
  'create a rule': 'CREATE RULE late AS ON UPDATE TO audit DO INSTEAD NOTHING',
  'drop a rule': 'DROP RULE no_delete ON audit',

  // Rights and words
  'create a policy': 'CREATE POLICY late ON customer AS RESTRICTIVE USING (score > 5)',
  'drop a policy': 'DROP POLICY everyone ON customer',
  'disable row security': 'ALTER TABLE customer DISABLE ROW LEVEL SECURITY',
  'grant and revoke': 'GRANT SELECT ON customer TO PUBLIC; REVOKE EXECUTE ON FUNCTION note() FROM PUBLIC',
  'change a comment': `COMMENT ON TABLE wide IS 'other words'; COMMENT ON COLUMN customer.mail IS 'an address'`,
  'create a publication': 'CREATE PUBLICATION late FOR TABLE wide',

  // Large objects
  'create and change large objects': `SELECT lo_from_bytea(0, 'late'), lo_put((SELECT min(oid) FROM pg_largeobject_metadata), 3, 'changed')`,
  'unlink a large object': 'SELECT lo_unlink((SELECT max(oid) FROM pg_largeobject_metadata))',
}

/** Their names, in an order that stays: a seed is a place in it. */
export const DDL_NAMES: readonly string[] = Object.keys(DDL)
