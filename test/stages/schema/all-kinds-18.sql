-- What PostgreSQL 16 to 18 added to tables and types.
CREATE SCHEMA modern;
CREATE EXTENSION btree_gist WITH SCHEMA modern;
CREATE COLLATION modern.ci (provider = builtin, locale = 'C.UTF-8');
CREATE TABLE modern.booking (
  room int4range NOT NULL,
  during daterange,
  total numeric,
  taxed numeric GENERATED ALWAYS AS (total * 1.19) VIRTUAL,
  kept numeric GENERATED ALWAYS AS (total + 1) STORED,
  note text STORAGE EXTERNAL,
  CONSTRAINT booking_key PRIMARY KEY (room, during WITHOUT OVERLAPS)
);
CREATE TABLE modern.stay (
  room int4range, during daterange, guest text COLLATE modern.ci,
  CONSTRAINT stay_booking FOREIGN KEY (room, PERIOD during) REFERENCES modern.booking (room, PERIOD during)
);
ALTER TABLE modern.stay ADD CONSTRAINT guest_known NOT NULL guest NOT VALID;
ALTER TABLE modern.stay ADD CONSTRAINT guest_long CHECK (length(guest) > 2) NOT ENFORCED;
CREATE TABLE modern.parent (a int CONSTRAINT own_name NOT NULL NO INHERIT);
CREATE TABLE modern.parted (id int GENERATED ALWAYS AS IDENTITY, k text) PARTITION BY HASH (k);
CREATE TABLE modern.parted_0 PARTITION OF modern.parted FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE UNIQUE INDEX nulls_one ON modern.stay (guest) NULLS NOT DISTINCT;
CREATE STATISTICS modern.expression ON (lower(guest)), (length(guest)) FROM modern.stay;
