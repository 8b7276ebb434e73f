-- dstpg: create role mover71 login createrole
-- dstpg: set role mover71; create role app_ali71; create role "Chief 71"; create role reader71
-- dstpg: alter database :db owner to mover71
-- dstuser: mover71
-- task: {"roles": {"app71": "app_ali71", "old71": "app_ali71", "boss71": "Chief 71", "*": "drop"}}
-- Owners and rights of roles that have other names there, of two that become one, and of some that are dropped though they are there.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app71') THEN
 CREATE ROLE app71; CREATE ROLE old71; CREATE ROLE boss71; CREATE ROLE reader71; CREATE ROLE mover71; CREATE ROLE "Chief 71"; CREATE ROLE app_ali71;
END IF; END $$;
GRANT CREATE ON SCHEMA public TO app71, old71, boss71;
CREATE SCHEMA own AUTHORIZATION boss71; GRANT USAGE ON SCHEMA own TO app71, reader71;
CREATE TABLE own.t (a int PRIMARY KEY, b int, "c d" int); ALTER TABLE own.t OWNER TO boss71; INSERT INTO own.t SELECT generate_series(1, 9);
GRANT SELECT ON own.t TO app71; GRANT SELECT, INSERT ON own.t TO old71 WITH GRANT OPTION; GRANT ALL ON own.t TO reader71; GRANT UPDATE ("c d") ON own.t TO app71, reader71;
CREATE TABLE public.doc (id int PRIMARY KEY, open bool); INSERT INTO public.doc SELECT g, g % 3 = 0 FROM generate_series(1, 60) g; ALTER TABLE public.doc OWNER TO app71;
ALTER TABLE public.doc ENABLE ROW LEVEL SECURITY; GRANT SELECT ON public.doc TO boss71, reader71, PUBLIC;
CREATE POLICY seen ON public.doc FOR SELECT TO boss71, reader71 USING (true); CREATE POLICY opened ON public.doc AS RESTRICTIVE FOR SELECT TO old71, app71, boss71 USING (open);
CREATE POLICY readers ON public.doc FOR ALL TO reader71 USING (true);
CREATE VIEW public.v AS SELECT * FROM public.doc; ALTER VIEW public.v OWNER TO boss71; GRANT SELECT ON public.v TO app71;
CREATE TABLE public.of_reader (a int PRIMARY KEY); ALTER TABLE public.of_reader OWNER TO reader71; GRANT SELECT ON public.of_reader TO old71;
CREATE FUNCTION public.f() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.doc'; ALTER FUNCTION public.f() OWNER TO boss71; REVOKE EXECUTE ON FUNCTION public.f() FROM PUBLIC; GRANT EXECUTE ON FUNCTION public.f() TO old71;
ALTER DEFAULT PRIVILEGES FOR ROLE app71 GRANT SELECT ON TABLES TO boss71; ALTER DEFAULT PRIVILEGES FOR ROLE old71 GRANT INSERT ON TABLES TO boss71, reader71; ALTER DEFAULT PRIVILEGES FOR ROLE reader71 GRANT SELECT ON TABLES TO PUBLIC;
REVOKE CREATE ON SCHEMA public FROM app71, old71, boss71;
-- check: select count(*) from own.t
-- check: select count(*), f() from v
-- dcheck: select c.oid::regclass::text, pg_get_userbyid(relowner) from pg_class c where relnamespace in ('public'::regnamespace, 'own'::regnamespace) and relkind in ('r', 'v') order by 1
-- dcheck: select c.oid::regclass::text, pg_get_userbyid(x.grantee), string_agg(x.privilege_type || case when x.is_grantable then '*' else '' end, ',' order by x.privilege_type) from pg_class c, aclexplode(relacl) x where relnamespace in ('public'::regnamespace, 'own'::regnamespace) and relkind in ('r', 'v') and x.grantee <> relowner group by 1, 2 order by 1, 2
-- dcheck: select attname, pg_get_userbyid(x.grantee) from pg_attribute, aclexplode(attacl) x where attrelid = 'own.t'::regclass
-- dcheck: select polname, array(select r.rolname::text from pg_roles r where r.oid = any (polroles) order by 1)::text from pg_policy order by 1
-- dcheck: select pg_get_userbyid(defaclrole), pg_get_userbyid(x.grantee), string_agg(x.privilege_type, ',' order by 1) from pg_default_acl, aclexplode(defaclacl) x where x.grantee <> defaclrole group by 1, 2 order by 1, 2
-- dcheck: select nspname, pg_get_userbyid(nspowner), has_schema_privilege('app_ali71', oid, 'usage'), has_schema_privilege('reader71', oid, 'usage') from pg_namespace where nspname = 'own'
-- dcheck: select pg_get_userbyid(proowner), has_function_privilege('app_ali71', oid, 'execute'), has_function_privilege('public', oid, 'execute') from pg_proc where proname = 'f'
