-- Tables that belong to an extension. Must hold: rows in them are not lost unseen, and taken out of it a table is migrated.
CREATE EXTENSION pgcrypto;
CREATE TABLE keys (id serial PRIMARY KEY, k text);
INSERT INTO keys (k) SELECT 'k' || g FROM generate_series(1, 50) AS g;
ALTER EXTENSION pgcrypto ADD TABLE keys;
CREATE TABLE plain (a int PRIMARY KEY);
INSERT INTO plain VALUES (1);
