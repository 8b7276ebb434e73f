-- What is said about this database beside its objects. Rights of its owner are the owner's in any case.
SELECT pg_catalog.shobj_description(d.oid, 'pg_database') AS comment,
       NULLIF(pg_catalog.pg_get_userbyid(d.datdba), CURRENT_USER)::text AS owner,
       d.datconnlimit AS "connectionLimit",
       d.datacl IS NOT NULL AS "hasRights",
       (SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                 'role', r.rolname::text, 'privilege', a.privilege_type, 'grantable', a.is_grantable)
                 ORDER BY r.rolname::text COLLATE pg_catalog."C" NULLS FIRST, a.privilege_type), '[]')
          FROM pg_catalog.aclexplode(d.datacl) AS a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
         WHERE a.grantee <> d.datdba AND (a.grantee = 0 OR r.oid IS NOT NULL)) AS rights
  FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
