-- task: {"databases": [{"name": "$DB", "exclude": ["public.address"]}]}
-- Must hold: what is chosen and needs what is excluded is told before anything is written, through row types, composites and functions too.
CREATE TABLE address (street text);
CREATE TABLE person (id int PRIMARY KEY, lives address);
CREATE TYPE pair AS (first address, second address);
CREATE TABLE couple (id int, two pair[]);
CREATE FUNCTION streets() RETURNS bigint STABLE BEGIN ATOMIC SELECT count(*) FROM address; END;
CREATE VIEW counted AS SELECT streets() AS n;
CREATE TABLE defaulted (n bigint DEFAULT streets());
CREATE TABLE plain (id int PRIMARY KEY);
INSERT INTO person SELECT g, ROW('street ' || g)::address FROM generate_series(1, 100) g;
INSERT INTO plain SELECT generate_series(1, 10);
