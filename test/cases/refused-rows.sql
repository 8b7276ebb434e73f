-- The check of a domain that is an element of arrays stays with the domain: its function was changed since.
CREATE FUNCTION fits(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0'; CREATE DOMAIN small AS int CHECK (fits(VALUE));
CREATE TABLE domained (id int PRIMARY KEY, n small[]); INSERT INTO domained SELECT g, ARRAY[g] FROM generate_series(1, 100) g;
CREATE OR REPLACE FUNCTION fits(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 10';
CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other SELECT generate_series(1, 1000);
