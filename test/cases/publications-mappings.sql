-- srcuser: reader14
-- dstuser: mover14
-- dstpg: create role mover14 login createdb createrole
-- dstpg: create role app14
-- dstpg: alter database :db owner to mover14
-- dst: create extension postgres_fdw
-- dst: grant usage on foreign data wrapper postgres_fdw to mover14
-- dst: create function public.refuse() returns event_trigger language plpgsql as 'begin raise exception ''no policies here''; end'
-- dst: create event trigger refuse on ddl_command_start when tag in ('CREATE POLICY') execute function public.refuse()
-- task: {"onObjectError": "continue"}
-- Accounts that are no superusers: what they may not see or make is told, and where a policy cannot be made nobody sees the rows.
CREATE ROLE reader14 LOGIN; CREATE ROLE app14; GRANT pg_read_all_data TO reader14;
CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
CREATE USER MAPPING FOR app14 SERVER far OPTIONS (user 'u', password 'p w''x'); CREATE USER MAPPING FOR PUBLIC SERVER far;
CREATE TABLE doc (id int PRIMARY KEY, secret bool); INSERT INTO doc SELECT g, g%2=0 FROM generate_series(1,100) g;
CREATE POLICY all_rows ON doc FOR SELECT USING (true);
CREATE POLICY no_secrets ON doc AS RESTRICTIVE FOR SELECT TO app14 USING (NOT secret);
GRANT SELECT ON doc TO app14; GRANT SELECT (id) ON doc TO PUBLIC;
ALTER TABLE doc ENABLE ROW LEVEL SECURITY; ALTER ROLE reader14 BYPASSRLS;
CREATE SCHEMA other; CREATE TABLE other."T" (id int PRIMARY KEY); CREATE UNLOGGED TABLE other.unlogged (id int PRIMARY KEY);
GRANT SELECT ON other."T" TO app14;
CREATE TABLE cut (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE cut_1 PARTITION OF cut FOR VALUES FROM (1) TO (9);
CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert, delete');
CREATE PUBLICATION part FOR TABLES IN SCHEMA other;
-- dcheck: select pubname, schemaname, tablename from pg_publication_tables order by 1, 2, 3
-- dcheck: select usename, umoptions from pg_user_mappings order by 1
-- dcheck: select has_any_column_privilege('app14', 'doc', 'select'), has_table_privilege('app14', 'other."T"', 'select')
