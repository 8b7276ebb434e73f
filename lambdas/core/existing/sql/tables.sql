-- $1 names as [{"schema": ..., "name": ...}, ...]. What stands under them, whatever it is, and what would meet rows that come into it.
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind, c.relpersistence::text AS persistence,
       pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
       c.relrowsecurity AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(c.relowner, 'USAGE'))
         AND NOT (SELECT r.rolsuper OR r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER) AS secured,
       (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
                 'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
                 'collation', (SELECT o.collname FROM pg_catalog.pg_collation o
                                WHERE o.oid = a.attcollation AND a.attcollation <> t.typcollation),
                 'notNull', a.attnotnull, 'identity', NULLIF(a.attidentity::text, ''),
                 'generated', CASE WHEN COALESCE(pg_catalog.row_to_json(a) ->> 'attgenerated', '') <> ''
                                   THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
                 'hasDefault', d.oid IS NOT NULL) ORDER BY a.attnum), '[]')
          FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
          LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       -- The types of its columns, through arrays, domains, fields, ranges and their multiranges (14 and later).
       (WITH RECURSIVE reached(oid) AS (
          SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          UNION
          SELECT below.oid FROM reached r JOIN pg_catalog.pg_type t ON t.oid = r.oid
           CROSS JOIN LATERAL (
             SELECT t.typelem UNION ALL SELECT t.typbasetype
             UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
             UNION ALL SELECT g.rngsubtype FROM pg_catalog.pg_range g WHERE g.rngtypid = t.oid
             UNION ALL SELECT g.rngtypid FROM pg_catalog.pg_range g
                        WHERE t.typtype = 'm' AND pg_catalog.row_to_json(g) ->> 'rngmultitypid' = t.oid::text) AS below(oid)
           WHERE t.oid >= 16384)
        SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
                 'name', pg_catalog.format_type(t.oid, NULL), 'kind', t.typtype,
                 'table', (SELECT pg_catalog.json_build_object('schema', rn.nspname, 'name', rc.relname)
                             FROM pg_catalog.pg_class rc JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace
                            WHERE rc.oid = t.typrelid AND rc.relkind <> 'c'),
                 'labels', ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder),
                 'fields', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', f.name, 'type', f.type) ORDER BY f.place), '[]')
                              FROM (SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnum
                                      FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
                                    UNION ALL SELECT '', pg_catalog.format_type(t.typbasetype, t.typtypmod), 0 WHERE t.typtype = 'd'
                                    UNION ALL SELECT '', pg_catalog.format_type(g.rngsubtype, NULL), 0
                                      FROM pg_catalog.pg_range g WHERE g.rngtypid = t.oid) AS f(name, type, place)),
                 'rules', ARRAY(SELECT 'NOT NULL' WHERE t.typnotnull
                                UNION ALL SELECT pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint k
                                           WHERE k.contypid = t.oid AND k.contype = 'c'
                                UNION ALL SELECT 'COLLATE ' || o.collname FROM pg_catalog.pg_collation o
                                  LEFT JOIN pg_catalog.pg_range g ON g.rngtypid = t.oid
                                 WHERE o.oid = COALESCE(g.rngcollation, t.typcollation) AND o.oid <> 100
                                 ORDER BY 1)) ORDER BY t.oid), '[]')
          FROM reached r JOIN pg_catalog.pg_type t ON t.oid = r.oid
         WHERE t.oid >= 16384 AND t.typtype IN ('c', 'd', 'e', 'r')
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend x
                            WHERE x.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND x.objid = t.oid AND x.deptype = 'e')) AS types,
       -- The partitioned table at the top, and how many steps above it lies.
       (WITH RECURSIVE up AS (
          SELECT i.inhparent, 1 AS depth FROM pg_catalog.pg_inherits i WHERE c.relispartition AND i.inhrelid = c.oid
          UNION ALL
          SELECT i.inhparent, up.depth + 1 FROM up JOIN pg_catalog.pg_class u ON u.oid = up.inhparent AND u.relispartition
            JOIN pg_catalog.pg_inherits i ON i.inhrelid = u.oid)
        SELECT pg_catalog.json_build_object('schema', rn.nspname, 'name', rc.relname)
          FROM up JOIN pg_catalog.pg_class rc ON rc.oid = up.inhparent JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace
         ORDER BY up.depth DESC LIMIT 1) AS root,
       (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('oid', pc.oid::bigint, 'schema', pn.nspname, 'name', pc.relname,
                                                                         'bound', pg_catalog.pg_get_expr(pc.relpartbound, pc.oid))
                                            ORDER BY pn.nspname, pc.relname), '[]')
          FROM pg_catalog.pg_class pc JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace
         WHERE pc.oid = ANY (whole.tables) AND pc.oid <> c.oid) AS partitions,
       (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('schema', sn.nspname, 'name', s.relname)
                                            ORDER BY sn.nspname, s.relname), '[]')
          FROM pg_catalog.pg_class s JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
         WHERE s.oid = ANY (owned.sequences)) AS sequences,
       -- What DROP TABLE would be refused for, with the table that it is or that it goes with; foreign keys are told apart.
       (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('what', found.what, 'oid', found.oid::bigint) ORDER BY found.what), '[]')
          FROM (SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, 0) AS what,
                       CASE WHEN d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass THEN d.objid ELSE upon.oid END AS oid
                  FROM pg_catalog.pg_depend d
                  LEFT JOIN LATERAL (
                    SELECT pg_catalog.min(o.refobjid::bigint)::oid AS oid FROM pg_catalog.pg_depend o
                     WHERE o.classid = d.classid AND o.objid = d.objid AND o.deptype IN ('a', 'i')
                       AND o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass) AS upon ON true
                 WHERE d.deptype = 'n'
                   AND (d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                          AND (d.refobjid = ANY (whole.tables) OR d.refobjid = ANY (owned.sequences))
                        OR d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
                          AND d.refobjid = ANY (rows.types))
                   AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                                    WHERE d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = d.objid AND k.contype = 'f')
               ) AS found
         WHERE (found.oid = ANY (whole.tables)) IS NOT TRUE) AS dependants,
       -- What fires where rows come or go or a table is emptied: INSERT is bit 4, DELETE bit 8, TRUNCATE bit 32 (pg_trigger.h).
       (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', t.tgname, 'inserted', (t.tgtype & 4) <> 0,
                          'deleted', (t.tgtype & 8) <> 0, 'emptied', (t.tgtype & 32) <> 0) ORDER BY t.tgname), '[]')
          FROM pg_catalog.pg_trigger t
         WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND (t.tgtype & 44) <> 0) AS triggers,
       -- INSERT ... ON CONFLICT is refused for a table with some (CREATE RULE).
       ARRAY(SELECT w.rulename::text FROM pg_catalog.pg_rewrite w
              WHERE w.ev_class = c.oid AND c.relkind IN ('r', 'p') AND w.ev_enabled IN ('O', 'A') AND w.ev_type IN ('2', '3', '4') ORDER BY 1) AS rules,
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY') AS temporary,
       (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
                 'name', x.relname, 'primary', i.indisprimary, 'immediate', i.indimmediate, 'exclusion', i.indisexclusion,
                 'plain', i.indpred IS NULL AND i.indexprs IS NULL AND parts.collated, 'notNull', parts.filled,
                 'nullsAlike', COALESCE((pg_catalog.row_to_json(i) ->> 'indnullsnotdistinct')::boolean, false), 'columns', parts.columns,
                 'proven', i.indisvalid, 'exact', parts.exact,
                 -- What its expressions and its condition read is among its dependencies; the columns of a constraint's index are not.
                 'reads', ARRAY(SELECT r.attname::text FROM pg_catalog.pg_attribute r
                                 WHERE r.attrelid = i.indrelid AND r.attnum > 0
                                   AND (r.attnum = ANY (i.indkey)
                                        OR EXISTS (SELECT FROM pg_catalog.pg_depend x
                                                    WHERE x.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND x.objid = i.indexrelid
                                                      AND x.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND x.refobjid = i.indrelid
                                                      AND x.refobjsubid = r.attnum)) ORDER BY r.attnum),
                 -- An exclusion constraint's operators are in its own definition alone.
                 'shape', COALESCE(
                   (SELECT pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(k.oid), ' DEFERRABLE( INITIALLY DEFERRED)?$', '')
                      FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype = 'x'),
                   pg_catalog.substring(pg_catalog.pg_get_indexdef(i.indexrelid), ' USING .*$')))
               ORDER BY i.indisprimary DESC, x.relname), '[]')
          FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
         CROSS JOIN LATERAL (
           -- Columns that an index only includes have no operator class. Strategy 3 of a B-tree is its equality.
           SELECT COALESCE(pg_catalog.bool_and(a.attnotnull), false) AS filled, COALESCE(pg_catalog.bool_and(u.sorting IN (0, a.attcollation)), true) AS collated,
                  -- By other collations (12 and later) two texts of other bytes may be equal.
                  COALESCE(pg_catalog.bool_and(COALESCE((pg_catalog.row_to_json(s) ->> 'collisdeterministic')::boolean, true)), true) AS exact,
                  COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('column', a.attname, 'equals', equal.operator) ORDER BY u.place), '[]') AS columns
             FROM ROWS FROM (pg_catalog.unnest(i.indkey), pg_catalog.unnest(i.indclass), pg_catalog.unnest(i.indcollation))
                    WITH ORDINALITY AS u(attnum, class, sorting, place)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
             LEFT JOIN pg_catalog.pg_collation s ON s.oid = u.sorting
             LEFT JOIN LATERAL (
               SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname) AS operator
                 FROM pg_catalog.pg_opclass k JOIN pg_catalog.pg_am m ON m.oid = k.opcmethod AND m.amname = 'btree'
                 JOIN pg_catalog.pg_amop f ON f.amopfamily = k.opcfamily AND f.amopstrategy = 3
                                          AND f.amoplefttype = k.opcintype AND f.amoprighttype = k.opcintype
                 JOIN pg_catalog.pg_operator o ON o.oid = f.amopopr JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
                WHERE k.oid = u.class) AS equal ON true
            WHERE u.class IS NOT NULL) AS parts
         WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion) AND i.indisready) AS uniques,
       (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', k.conname, 'schema', kn.nspname, 'table', kc.relname)
                                            ORDER BY k.conname, kn.nspname, kc.relname), '[]')
          FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class kc ON kc.oid = k.confrelid
          JOIN pg_catalog.pg_namespace kn ON kn.oid = kc.relnamespace
         WHERE k.contype = 'f' AND k.conrelid = c.oid) AS references_to,
       (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', k.conname, 'schema', kn.nspname, 'table', kc.relname)
                                            ORDER BY k.conname, kn.nspname, kc.relname), '[]')
          FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class kc ON kc.oid = k.conrelid
          JOIN pg_catalog.pg_namespace kn ON kn.oid = kc.relnamespace
         WHERE k.contype = 'f' AND k.confrelid = c.oid) AS referenced_by
  FROM pg_catalog.jsonb_to_recordset($1::jsonb) AS w(schema text, name text)
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
 CROSS JOIN LATERAL (
   -- A partitioned table with all that lie below it.
   WITH RECURSIVE part AS (
     SELECT c.oid
     UNION ALL
     SELECT i.inhrelid FROM part p JOIN pg_catalog.pg_class pc ON pc.oid = p.oid AND pc.relkind = 'p'
       JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid)
   SELECT ARRAY(SELECT p.oid FROM part p) AS tables) AS whole
 CROSS JOIN LATERAL (
   -- The types of their rows. An array, as the others are: the server looks into pg_depend by its index for each of them.
   SELECT ARRAY(SELECT pg_catalog.unnest(ARRAY[t.oid, t.typarray]) FROM pg_catalog.pg_class wc JOIN pg_catalog.pg_type t ON t.oid = wc.reltype
                 WHERE wc.oid = ANY (whole.tables)) AS types) AS rows
 CROSS JOIN LATERAL (
   -- The sequences of their columns, which are dropped with them.
   SELECT ARRAY(SELECT s.oid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
                 WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                   AND d.refobjid = ANY (whole.tables) AND d.deptype IN ('a', 'i')) AS sequences) AS owned
 ORDER BY n.nspname, c.relname
