-- ack: TABLES_WITHOUT_KEY
-- check: SELECT id, a, own, late FROM ic
-- check: SELECT id, deep, late2 FROM id
-- check: SELECT * FROM kept
CREATE TABLE ib (id int, a text);
CREATE TABLE ic (own text) INHERITS (ib);
ALTER TABLE ib ADD COLUMN late text;
INSERT INTO ic (id, a, own, late) VALUES (1, 'a', 'OWN', 'LATE');
-- A grandchild, and a child by ALTER TABLE … INHERIT, of two parents.
CREATE TABLE id (deep text) INHERITS (ic);
CREATE TABLE second (b int, c int);
CREATE TABLE joined (c int, b int, a text, id int, late text);
ALTER TABLE joined INHERIT second;
ALTER TABLE joined INHERIT ib;
ALTER TABLE ib ADD COLUMN late2 text;
INSERT INTO id (id, deep, late2) VALUES (2, 'deep', 'LATE2');
-- Whose columns stay where they are.
CREATE TABLE plain (d int) INHERITS (second);
CREATE TABLE kept (p plain, s second);
INSERT INTO kept VALUES (ROW(1, 2, 3), ROW(1, 2));
CREATE DOMAIN ic_domain AS ic;
CREATE TYPE wrapped AS (n int, ds ic_domain[]);
CREATE TYPE joined_range AS RANGE (subtype = joined);
CREATE TABLE holder (h int PRIMARY KEY, c ic, arr ic[], deep wrapped, none text);
INSERT INTO holder VALUES (1, ROW(1, 'a', 'OWN', 'LATE', NULL), NULL, NULL, NULL);
CREATE TABLE over (o holder, r joined_range[]);
