-- Privileges and comments of large objects: a schema-only archive leaves them out. One row per large object that has any.
SELECT m.oid,
       d.description AS comment,
       ARRAY(SELECT pg_catalog.format('GRANT %s ON LARGE OBJECT %s TO %s%s;', a.privilege_type, m.oid,
                      CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END,
                      CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
               FROM pg_catalog.aclexplode(m.lomacl) a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
              WHERE a.grantee <> m.lomowner AND (a.grantee = 0 OR r.rolname IS NOT NULL)
              ORDER BY 1) AS grants
  FROM pg_catalog.pg_largeobject_metadata m
  LEFT JOIN pg_catalog.pg_description d
    ON d.classoid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass AND d.objoid = m.oid AND d.objsubid = 0
 WHERE d.description IS NOT NULL OR m.lomacl IS NOT NULL
 ORDER BY m.oid
