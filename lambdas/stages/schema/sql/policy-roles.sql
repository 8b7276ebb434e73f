-- The roles that each policy names (PUBLIC is none), and whether the policy takes rows away instead of giving them (10 and
-- later). One that does holds for everybody who has a named role's rights: those are told beside it.
SELECT p.oid,
       COALESCE((pg_catalog.to_jsonb(p) ->> 'polpermissive')::boolean, true) AS permissive,
       ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles r WHERE r.oid = ANY (p.polroles) ORDER BY 1) AS roles,
       COALESCE((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('role', r.rolname, 'member', m.rolname)
                                             ORDER BY m.rolname)
                   FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_roles m
                     ON m.oid <> r.oid AND NOT m.rolsuper AND pg_catalog.pg_has_role(m.oid, r.oid, 'USAGE')
                  WHERE r.oid = ANY (p.polroles) AND (pg_catalog.to_jsonb(p) ->> 'polpermissive') = 'false'),
                '[]') AS memberships
  FROM pg_catalog.pg_policy p
