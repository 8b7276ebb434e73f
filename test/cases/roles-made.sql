-- dstpg: create role mover72 login createrole
-- dstpg: alter database :db owner to mover72
-- dstuser: mover72
-- task: {"roles": {"reader72": "drop", "*": "create"}}
-- Roles that the destination lacks are made, those that what comes names, and can give and hold what they did.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'App $sampan$72') THEN
 CREATE ROLE "App $sampan$72" LOGIN PASSWORD 'not to be seen'; CREATE ROLE boss72; CREATE ROLE reader72; CREATE ROLE other72; CREATE ROLE mover72;
END IF; END $$;
GRANT CREATE ON SCHEMA public TO boss72;
CREATE TABLE public.t (a int PRIMARY KEY); INSERT INTO public.t SELECT generate_series(1, 9); ALTER TABLE public.t OWNER TO boss72; GRANT SELECT ON public.t TO "App $sampan$72", reader72;
ALTER TABLE public.t ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON public.t TO "App $sampan$72" USING (a > 5);
CREATE VIEW public.v AS SELECT * FROM public.t; ALTER VIEW public.v OWNER TO "App $sampan$72";
CREATE SCHEMA hidden; CREATE TABLE hidden.of_other (a int); ALTER TABLE hidden.of_other OWNER TO other72;
REVOKE CREATE ON SCHEMA public FROM boss72;
-- check: select count(*) from v
-- dcheck: select rolname, rolcanlogin, rolpassword is null, rolsuper or rolcreaterole or rolcreatedb or rolbypassrls from pg_authid where rolname ~ '72$' order by 1
-- dcheck: select c.oid::regclass::text, pg_get_userbyid(relowner) from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'v') order by 1
-- dcheck: select pg_get_userbyid(x.grantee), x.privilege_type from pg_class c, aclexplode(relacl) x where c.relname = 't' and x.grantee <> relowner
