-- User mappings whose options the account is not shown, by pg_dump's tag for them; the condition is that of the view.
SELECT 'USER MAPPING ' || m.usename || ' SERVER ' || m.srvname AS tag
  FROM pg_catalog.pg_user_mappings m JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid
 WHERE NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
   AND NOT (m.umuser = 0 AND pg_catalog.pg_has_role(s.srvowner, 'USAGE'))
   AND NOT (m.umuser <> 0 AND m.usename = current_user
            AND (pg_catalog.pg_has_role(s.srvowner, 'USAGE') OR pg_catalog.has_server_privilege(s.oid, 'USAGE')))
