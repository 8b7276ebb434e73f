-- dstpg: create role mover56 login createrole
-- dstpg: set role mover56; do $$ begin if not exists (select from pg_roles where rolname = 'owner56') then create role owner56; end if; end $$
-- dstpg: alter database :db owner to mover56
-- dstuser: mover56
-- Tables and sequences that are dropped when all have their owners come back, and count from where the source stands.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'owner56') THEN CREATE ROLE owner56; CREATE ROLE mover56; END IF; END $$;
CREATE SCHEMA shop; GRANT USAGE, CREATE ON SCHEMA shop TO owner56; SET ROLE owner56;
CREATE TABLE shop.orders (id serial PRIMARY KEY, note text); INSERT INTO shop.orders (note) SELECT 'n' FROM generate_series(1, 100);
CREATE TABLE shop.lines (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text); INSERT INTO shop.lines (note) SELECT 'n' FROM generate_series(1, 100);
CREATE TABLE shop.stays (id serial PRIMARY KEY); INSERT INTO shop.stays DEFAULT VALUES;
CREATE SEQUENCE shop.free; SELECT setval('shop.free', 4711); CREATE SEQUENCE shop.free_stays; SELECT setval('shop.free_stays', 17);
-- check: select c.relname, pg_get_userbyid(c.relowner), pg_sequence_last_value(c.oid) from pg_class c where c.relkind = 'S' and c.relnamespace = 'shop'::regnamespace order by 1
-- check: select count(*) from shop.orders
