-- dstpg: create role mover52 login createrole
-- dstpg: set role mover52; create role app52; create role reads52
-- dstpg: alter database :db owner to mover52
-- dstuser: mover52
-- Large objects keep their owners, and what these have given.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app52') THEN CREATE ROLE app52; CREATE ROLE gone52; CREATE ROLE reads52; CREATE ROLE mover52; END IF; END $$;
SELECT lo_from_bytea(5000 + g, convert_to(g::text, 'UTF8')) FROM generate_series(1, 45) g; SELECT lo_from_bytea(6001, 'a'), lo_from_bytea(6002, 'b'), lo_from_bytea(6003, 'c');
DO $$ BEGIN FOR g IN 1..45 LOOP EXECUTE format('ALTER LARGE OBJECT %s OWNER TO app52', 5000 + g); END LOOP; END $$;
GRANT SELECT ON LARGE OBJECT 5001 TO reads52; ALTER LARGE OBJECT 6001 OWNER TO gone52; ALTER LARGE OBJECT 6002 OWNER TO gone52; GRANT UPDATE ON LARGE OBJECT 6002 TO reads52;
-- check: select count(*), sum(oid) from pg_largeobject_metadata where lomowner = 'app52'::regrole
-- check: select m.oid, pg_get_userbyid(a.grantee), a.privilege_type from pg_largeobject_metadata m, aclexplode(lomacl) a where a.grantee <> m.lomowner order by 1, 2, 3
-- check: set role app52
-- check: select lo_get(5045)
-- check: select lo_get(6001)
-- check: reset role
