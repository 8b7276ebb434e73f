-- dstpg: create role mover53 login createrole
-- dstpg: set role mover53; do $$ begin if not exists (select from pg_roles where rolname = 'first53') then create role first53; create role then53; create role reads53; end if; end $$
-- dstpg: alter database :db owner to mover53
-- dstuser: mover53
-- More owners than one transaction gives: what was given stays given, whatever ends the call, and nothing that was borrowed stays.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'first53') THEN
 CREATE ROLE first53; CREATE ROLE then53; CREATE ROLE reads53; CREATE ROLE mover53; END IF; END $$;
CREATE SCHEMA many; GRANT USAGE, CREATE ON SCHEMA many TO first53, then53;
DO $$ BEGIN FOR g IN 1..110 LOOP
 EXECUTE format('CREATE TABLE many.a%s (id serial PRIMARY KEY); ALTER TABLE many.a%s OWNER TO first53', g, g);
 IF g <= 30 THEN EXECUTE format('CREATE TABLE many.z%s (id serial PRIMARY KEY); INSERT INTO many.z%s DEFAULT VALUES; ALTER TABLE many.z%s OWNER TO then53', g, g, g); END IF;
END LOOP; END $$;
CREATE TABLE many.zz (id int PRIMARY KEY, open bool); INSERT INTO many.zz SELECT g, g % 2 = 0 FROM generate_series(1, 10) g;
ALTER TABLE many.zz ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON many.zz FOR SELECT TO then53 USING (open); GRANT SELECT ON many.zz TO then53;
CREATE VIEW many.zzv AS SELECT * FROM many.zz; ALTER VIEW many.zzv OWNER TO then53; GRANT SELECT ON many.zzv TO reads53;
CREATE MATERIALIZED VIEW many.zzm AS SELECT count(*) AS n FROM many.zzv WITH NO DATA; ALTER MATERIALIZED VIEW many.zzm OWNER TO then53; REFRESH MATERIALIZED VIEW many.zzm; GRANT SELECT ON many.zzm TO reads53;
-- check: select relname, pg_get_userbyid(relowner) from pg_class where relnamespace = 'many'::regnamespace and relkind <> 'i' and relname <> 'zz' order by 1
-- check: select n from many.zzm
-- check: select n.nspacl::text like '%first53=UC%' from pg_namespace n where nspname = 'many'
-- dcheck: select r.rolname, g.rolname, m.admin_option from pg_auth_members m join pg_roles r on r.oid = m.roleid join pg_roles g on g.oid = m.grantor where m.member = 'mover53'::regrole order by 1, 2
-- dcheck: select count(*) from sampan.borrowed_right where given_back_at is null
