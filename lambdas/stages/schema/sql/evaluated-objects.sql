-- $1 oids of indexes, $2 of constraints, $3 of materialized views. What making each evaluates, as SQL that names every object by its
-- schema under the session's search_path; of indexes those alone that call what is no part of the server. `still`: nothing that it calls
-- may do anything but read.
SELECT i.indexrelid::pg_catalog.int8::text AS index, k.oid::pg_catalog.int8::text AS "constraint", NULL AS view,
       n.nspname::text AS schema, c.relname::text AS "table", c.relkind = 'p' AS parted, NULL AS query,
       ARRAY(SELECT pg_catalog.pg_get_indexdef(i.indexrelid, a.at, false)
               FROM pg_catalog.generate_series(1, pg_catalog.array_length(i.indkey, 1)) AS a(at) WHERE i.indkey[a.at - 1] = 0)
         || ARRAY(SELECT pg_catalog.pg_get_expr(i.indpred, i.indrelid) WHERE i.indpred IS NOT NULL) AS expressions,
       true AS still
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.contype = 'x'
 WHERE (i.indexrelid = ANY ($1::pg_catalog.oid[]) OR k.oid = ANY ($2::pg_catalog.oid[]))
   AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
   AND EXISTS (SELECT FROM pg_catalog.pg_depend d
                WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid AND d.refobjid >= 16384
                  AND d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass,
                                       'pg_catalog.pg_type'::pg_catalog.regclass))
UNION ALL
SELECT NULL, NULL, c.oid::pg_catalog.int8::text, NULL, NULL, false, pg_catalog.pg_get_viewdef(c.oid), '{}',
       NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite r
                     JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
                      AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                     JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid AND p.provolatile = 'v'
                    WHERE r.ev_class = c.oid)
  FROM pg_catalog.pg_class c WHERE c.oid = ANY ($3::pg_catalog.oid[]) AND c.relkind = 'm'
