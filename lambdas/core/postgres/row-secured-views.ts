import type { Session } from './connect.ts'

/** A view that reads row-secured tables, directly or through other views. */
export interface RowSecuredView {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly materialized: boolean
  readonly owner: string
  /** It reads with the rights of whoever asks (security_invoker, 15 and later). */
  readonly invoker: boolean
  /** The tables, as `schema.name`. */
  readonly tables: readonly string[]
}

/** Row security came with 9.5. */
const ROW_SECURITY_SINCE = 90_500

const VIEWS = `
  WITH RECURSIVE reads AS (
    SELECT DISTINCT r.ev_class AS view, d.refobjid AS relation
      FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.ev_class
     WHERE r.rulename = '_RETURN' AND r.ev_class >= 16384
  ), deep AS (
    SELECT view, relation FROM reads
    UNION
    SELECT deep.view, reads.relation FROM deep JOIN reads ON reads.view = deep.relation
  )
  SELECT v.oid, n.nspname AS schema, v.relname AS name, v.relkind = 'm' AS materialized, o.rolname AS owner,
         COALESCE(v.reloptions @> ARRAY['security_invoker=true'] OR v.reloptions @> ARRAY['security_invoker=on']
                  OR v.reloptions @> ARRAY['security_invoker=1'], false) AS invoker,
         pg_catalog.array_agg(tn.nspname || '.' || t.relname ORDER BY tn.nspname, t.relname) AS tables
    FROM deep JOIN pg_catalog.pg_class t ON t.oid = deep.relation AND t.relrowsecurity
    JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
    JOIN pg_catalog.pg_class v ON v.oid = deep.view JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
    JOIN pg_catalog.pg_roles o ON o.oid = v.relowner
   GROUP BY v.oid, n.nspname, v.relname, v.relkind, o.rolname, v.reloptions ORDER BY 2, 3`

/** One question. */
export async function readRowSecuredViews(source: Session): Promise<RowSecuredView[]> {
  return source.serverVersion >= ROW_SECURITY_SINCE ? source.rows<RowSecuredView>(VIEWS) : []
}
