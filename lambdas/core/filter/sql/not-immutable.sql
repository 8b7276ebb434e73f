-- $1 functions, $2 operators, $3 types that text is read as, $4 types that are printed. Those whose value is not the same in every
-- session, as people know them; an operator or a cast is a function of another name.
SELECT pg_catalog.format('%s(%s)', p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) AS name,
       CASE WHEN n.nspname = 'pg_catalog' THEN p.proname::text END AS own,
       CASE p.provolatile WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE p.provolatile <> 'i'
   AND (p.oid = ANY ($1::pg_catalog.oid[])
        OR p.oid IN (SELECT o.oprcode FROM pg_catalog.pg_operator o WHERE o.oid = ANY ($2::pg_catalog.oid[]))
        OR p.oid IN (SELECT t.typinput FROM pg_catalog.pg_type t WHERE t.oid = ANY ($3::pg_catalog.oid[]))
        OR p.oid IN (SELECT t.typoutput FROM pg_catalog.pg_type t WHERE t.oid = ANY ($4::pg_catalog.oid[])))
 ORDER BY 1
