/**
 * What the judges' queries ask of an older server instead of what it does not know: the value that a newer server has for
 * everything that came from there.
 */
const replacements: readonly { readonly before: number; readonly column: string; readonly value: string }[] = [
  {
    before: 11,
    column: `p.prokind`,
    value: `(CASE WHEN p.proisagg THEN 'a' WHEN p.proiswindow THEN 'w' ELSE 'f' END)`,
  },
  { before: 11, column: `k.conparentid`, value: `0` },
  { before: 11, column: `p.pubtruncate`, value: `false` },
  { before: 11, column: `a.aggfinalmodify`, value: `(CASE a.aggkind WHEN 'n' THEN 'r' ELSE 'w' END)` },
  {
    before: 11,
    column: `pg_get_triggerdef(t.oid)`,
    value: `replace(pg_get_triggerdef(t.oid), 'EXECUTE PROCEDURE', 'EXECUTE FUNCTION')`,
  },
  { before: 12, column: `a.attgenerated`, value: `''` },
  { before: 12, column: `c.collisdeterministic`, value: `true` },
  { before: 12, column: `'access', am.amname`, value: `'access', CASE WHEN c.relkind IN ('r', 'm') THEN 'heap' END` },
  { before: 13, column: `p.pubviaroot`, value: `false` },
  { before: 13, column: `s.stxstattarget`, value: `-1` },
  {
    before: 13,
    column: `NULLIF(t.typcollation, 0)::regcollation`,
    value: `(SELECT quote_ident(collname) FROM pg_collation WHERE oid = t.typcollation)`,
  },
  {
    before: 13,
    column: `NULLIF(rngcollation, 0)::regcollation`,
    value: `(SELECT quote_ident(collname) FROM pg_collation WHERE oid = rngcollation)`,
  },
  { before: 14, column: `a.attcompression`, value: `''` },
  { before: 14, column: `p.prosqlbody`, value: `NULL::text` },
  { before: 14, column: `rngmultitypid::regtype`, value: `NULL` },
  { before: 15, column: `coalesce(pg_get_expr(r.prqual, r.prrelid), '')`, value: `''` },
  { before: 15, column: `coalesce(r.prattrs::text, '')`, value: `''` },
  {
    before: 15,
    column: `(SELECT string_agg(n.nspname, ', ' ORDER BY n.nspname) FROM pg_publication_namespace pn JOIN pg_namespace n ON n.oid = pn.pnnspid WHERE pn.pnpubid = p.oid)`,
    value: `NULL`,
  },
]

/** The query as a server of this major understands it. */
export function asOf(sql: string, major: number): string {
  return replacements
    .filter(({ before }) => major < before)
    .reduce((text, { column, value }) => text.replaceAll(column, value), sql)
}
