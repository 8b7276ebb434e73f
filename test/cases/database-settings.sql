-- What is set for the database itself and for roles in it, its rights and its comment; among it what a run must not stumble over.
-- dstpg: create role app_settings
-- check: select r.rolname, c from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole, unnest(setconfig) c where setdatabase = (select oid from pg_database where datname = current_database()) and c !~ '^(role|rds|session_preload)' and coalesce(rolname, '') <> 'gone_settings' order by 1, 2
-- check: select has_database_privilege('public', current_database(), 'CONNECT'), has_database_privilege('public', current_database(), 'TEMPORARY'), has_database_privilege('app_settings', current_database(), 'CONNECT WITH GRANT OPTION'), has_database_privilege('app_settings', current_database(), 'CREATE')
-- check: select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()
-- dcheck: select current_setting('search_path'), current_setting('app.secret'), current_setting('statement_timeout')
-- dcheck: select datconnlimit from pg_database where datname = current_database()
DO $$ BEGIN CREATE ROLE app_settings; CREATE ROLE gone_settings; CREATE ROLE owner_settings; END $$;
CREATE SCHEMA app;
CREATE TABLE app.t (a int PRIMARY KEY, at timestamptz); INSERT INTO app.t SELECT g, '2024-01-01 12:00+00' FROM generate_series(1, 100) g;
ALTER DATABASE :"db" SET search_path = app, "Odd, ""One""", "$user", public;
ALTER DATABASE :"db" SET TimeZone = 'Asia/Kathmandu';
ALTER DATABASE :"db" SET default_transaction_read_only = on;
ALTER DATABASE :"db" SET default_transaction_isolation = 'serializable';
ALTER DATABASE :"db" SET statement_timeout = '7s';
ALTER DATABASE :"db" SET app.secret = 'hush, "it''s\ mine';
ALTER DATABASE :"db" SET rds.force_ssl = '1';
ALTER DATABASE :"db" SET session_preload_libraries = 'auto_explain';
ALTER DATABASE :"db" CONNECTION LIMIT 77;
ALTER DATABASE :"db" OWNER TO owner_settings;
ALTER ROLE app_settings IN DATABASE :"db" SET work_mem = '8MB';
ALTER ROLE gone_settings IN DATABASE :"db" SET work_mem = '9MB';
REVOKE CONNECT, TEMPORARY ON DATABASE :"db" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"db" TO app_settings WITH GRANT OPTION;
GRANT CREATE ON DATABASE :"db" TO app_settings, gone_settings;
COMMENT ON DATABASE :"db" IS 'ours; it''s a shop';
