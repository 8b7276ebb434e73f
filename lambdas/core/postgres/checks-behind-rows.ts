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

/**
 * SQL: the CHECK of a domain (an alias of pg_constraint) is written apart in the same way. Not where the domain is a part of other types:
 * the server refuses to look into their columns (ALTER DOMAIN: 0A000), and the check could never be validated.
 */
export function domainCheckApart(check: string): string {
  return `(CASE WHEN ${check}.contype <> 'c' OR ${check}.contypid = 0 THEN false WHEN ${callsMoreThanImmutable(check)} THEN NOT EXISTS (
           SELECT 1 FROM pg_catalog.pg_type d WHERE d.typtype = 'd' AND d.typbasetype = ${check}.contypid
           UNION ALL SELECT 1 FROM pg_catalog.pg_range g WHERE g.rngsubtype = ${check}.contypid
           UNION ALL SELECT 1 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class r ON r.oid = a.attrelid
            WHERE a.atttypid = ${check}.contypid AND r.relkind = 'c' AND NOT a.attisdropped
           UNION ALL SELECT 1 FROM pg_catalog.pg_type t JOIN pg_catalog.pg_attribute a ON a.atttypid = t.typarray
            WHERE t.oid = ${check}.contypid AND t.typarray <> 0 AND NOT a.attisdropped) ELSE false END)`
}
