-- The roles that each policy names; PUBLIC is none.
SELECT p.oid, ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles r WHERE r.oid = ANY (p.polroles)) AS roles
  FROM pg_catalog.pg_policy p
