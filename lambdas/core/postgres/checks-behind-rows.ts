/**
 * SQL: the CHECK (an alias of pg_constraint) calls more than the server's own immutable functions. Such a one is written apart from
 * its table, and the table comes without it where it cannot come.
 */
export function callsMoreThanImmutable(check: string): string {
  return `(
         ${check}.conbin::pg_catalog.text ~ '[{](COERCEVIAIO|SQLVALUEFUNCTION|COERCETODOMAIN) '
         OR EXISTS (SELECT FROM pg_catalog.regexp_matches(${check}.conbin::pg_catalog.text, ':(funcid|opfuncid|opno) ([0-9]+)', 'g') AS used(found)
                      LEFT JOIN pg_catalog.pg_proc f ON f.oid = used.found[2]::pg_catalog.oid AND used.found[1] <> 'opno'
                     WHERE used.found[2]::pg_catalog.int8 >= 16384 OR f.provolatile <> 'i'))`
}
