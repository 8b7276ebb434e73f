-- ack: DST_EVENT_TRIGGERS
-- dst: create function public_reads() returns event_trigger language plpgsql as $$ declare t record; begin for t in select * from pg_event_trigger_ddl_commands() where object_type = 'table' and schema_name = 'shop' loop execute format('grant select on %s to public', t.object_identity); end loop; end $$
-- dst: create event trigger public_reads on ddl_command_end when tag in ('CREATE TABLE') execute function public_reads()
-- dstpg: create role reader51
-- Rights that come from elsewhere than the plan are found before the run is sealed, whatever gave them.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader51') THEN CREATE ROLE reader51; END IF; END $$;
CREATE SCHEMA shop; CREATE TABLE shop.secret (id int PRIMARY KEY); INSERT INTO shop.secret VALUES (1); GRANT SELECT ON shop.secret TO reader51;
CREATE TABLE shop.shown (id int PRIMARY KEY); GRANT SELECT ON shop.shown TO PUBLIC;
CREATE EXTENSION citext; REVOKE EXECUTE ON FUNCTION citext_hash(citext), citext_eq(citext, citext) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION citext_hash(citext), citext_eq(citext, citext) TO reader51;
