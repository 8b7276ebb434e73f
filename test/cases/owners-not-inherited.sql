-- dstpg: create role mover91 login createdb createrole
-- dstpg: do $$ begin if current_setting('server_version_num')::int >= 160000 then alter role mover91 noinherit; end if; end $$
-- dstpg: create role low91; create role grants91; create role kept91; create role chief91; create role sub91
-- dstpg: grant low91, kept91 to grants91 with admin option; grant sub91 to chief91 with admin option; grant chief91 to mover91 with admin option
-- dstpg: grant low91, grants91, sub91 to mover91
-- dstpg: do $$ begin if current_setting('server_version_num')::int >= 160000 then execute 'grant kept91 to grants91 with inherit false, set false; grant chief91 to mover91 with set false; grant sub91 to chief91 with inherit false'; end if; end $$
-- dstpg: alter database :db owner to mover91
-- dstuser: mover91
-- ack: OWNERS_NOT_KEPT
-- An account that inherits nothing: grants91 may grant low91 and kept91, but GRANT does not take its ADMIN option from 16 on. It may
-- SET ROLE low91, which is enough, and not kept91. What chief91 grants is granted while chief91 itself is borrowed.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'low91') THEN
 CREATE ROLE low91; CREATE ROLE grants91; CREATE ROLE kept91; CREATE ROLE chief91; CREATE ROLE sub91; CREATE ROLE mover91; END IF; END $$;
CREATE TABLE of_low (id int PRIMARY KEY); INSERT INTO of_low SELECT generate_series(1, 10); ALTER TABLE of_low OWNER TO low91;
CREATE TABLE of_grants (id int PRIMARY KEY); ALTER TABLE of_grants OWNER TO grants91;
CREATE TABLE of_kept (id int PRIMARY KEY); ALTER TABLE of_kept OWNER TO kept91;
CREATE TABLE m_of_chief (id int PRIMARY KEY); ALTER TABLE m_of_chief OWNER TO chief91;
CREATE TABLE b_of_sub (id int PRIMARY KEY); ALTER TABLE b_of_sub OWNER TO sub91;
CREATE TABLE z_of_sub (id int PRIMARY KEY); ALTER TABLE z_of_sub OWNER TO sub91;
-- check: select relname, pg_get_userbyid(relowner) from pg_class where relname in ('of_low', 'of_grants', 'm_of_chief', 'b_of_sub', 'z_of_sub') order by 1
-- check: select count(*) from of_low
-- dcheck: select pg_get_userbyid(relowner) from pg_class where relname = 'of_kept'
-- dcheck: select count(*) from sampan.borrowed_right where given_back_at is null
-- dcheck: select role from sampan.borrowed_right where taken !~ ' ON SCHEMA ' order by 1
