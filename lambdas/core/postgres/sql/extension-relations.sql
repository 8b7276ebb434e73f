-- Tables and sequences that belong to extensions, and what pg_extension_config_dump has declared of them. pg_dump takes the rows of
-- the declared ones that satisfy the condition; of a partitioned table none.
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind, e.extname::text AS extension,
       en.nspname::text AS "extensionSchema",
       ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND c.relkind <> 'S' AND a.attnum > 0 AND NOT a.attisdropped
                AND COALESCE(pg_catalog.row_to_json(a) ->> 'attgenerated', '') = '' ORDER BY a.attnum) AS columns,
       own.oid IS NOT NULL AS configuration, own.condition,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
         AND NOT COALESCE((pg_catalog.row_to_json(c) ->> 'relrowsecurity')::pg_catalog.bool
           AND NOT (SELECT r.rolsuper OR COALESCE((pg_catalog.row_to_json(r) ->> 'rolbypassrls')::pg_catalog.bool, false)
                      FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
           AND NOT (pg_catalog.pg_has_role(c.relowner, 'USAGE')
                    AND NOT (pg_catalog.row_to_json(c) ->> 'relforcerowsecurity')::pg_catalog.bool), false) AS readable,
       ARRAY(SELECT DISTINCT k.confrelid::pg_catalog.int8::text FROM pg_catalog.pg_constraint k
              WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid = ANY (e.extconfig)) AS behind
  FROM pg_catalog.pg_extension e
  JOIN pg_catalog.pg_namespace en ON en.oid = e.extnamespace
  JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid
   AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'e'
  JOIN pg_catalog.pg_class c ON c.oid = d.objid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN LATERAL ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) AS own(oid, condition)
    ON own.oid = c.oid
 WHERE c.relkind IN ('r', 'p') OR c.relkind = 'S' AND own.oid IS NOT NULL
 ORDER BY n.nspname, c.relname
