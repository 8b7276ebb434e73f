-- ack: RIGHTS_NOT_TAKEN, RIGHTS_WIDER
-- The destination's account may create in the database and does not own it.
-- dstpg: create role not_owner_settings login
-- dstpg: grant connect, create, temporary on database :db to not_owner_settings
-- dst: grant all on schema public to public
-- dstuser: not_owner_settings
CREATE TABLE t (a int PRIMARY KEY);
ALTER DATABASE :"db" SET search_path = app, public;
ALTER DATABASE :"db" SET app.secret = 'hush';
REVOKE TEMPORARY ON DATABASE :"db" FROM PUBLIC;
COMMENT ON DATABASE :"db" IS 'ours';
