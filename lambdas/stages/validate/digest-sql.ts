import { largeObjectDigest } from '../../core/ledger/large-objects.ts'
import { LARGE_OBJECTS_OID, rowsOf, whereOf } from '../../core/ledger/relations.ts'
import type { DigestPart } from '../../core/ledger/validation.ts'
import { quoteLiteral } from '../../core/postgres/identifiers.ts'

/**
 * Count and digest of many parts in one statement, a row each: `id, rows, digest`, all text. Small tables share a round
 * trip this way, wherever the destination is.
 * @param digests false: rows are counted only
 * @param modern both servers know `hash_array_extended` (11 and later)
 */
export function digestStatement(parts: readonly DigestPart[], digests: boolean, modern: boolean): string {
  return parts.map((part) => partQuery(part, digests, modern)).join('\nUNION ALL\n')
}

function partQuery(part: DigestPart, digests: boolean, modern: boolean): string {
  if (part.relation === LARGE_OBJECTS_OID) {
    const pages = largeObjectDigest(part.lower, part.upper, modern)
    const digest = digests ? 'counted.digest' : 'NULL::text'
    return `SELECT ${part.id} AS id, counted.rows, ${digest} AS digest FROM (${pages}) AS counted(rows, digest)`
  }
  const digest =
    digests && part.digestSql !== null ? `COALESCE(pg_catalog.sum(${part.digestSql}), 0)::text` : 'NULL::text'
  // No alias: a column may have any name.
  return `SELECT ${part.id} AS id, pg_catalog.count(*)::text AS rows, ${digest} AS digest
  FROM ${rowsOf(part)}${whereOf(part, ...range(part))}`
}

function range(part: DigestPart): readonly string[] {
  const conditions: string[] = []
  if (part.lower !== null) conditions.push(`ctid OPERATOR(pg_catalog.>=) ${quoteLiteral(part.lower)}::pg_catalog.tid`)
  if (part.upper !== null) conditions.push(`ctid OPERATOR(pg_catalog.<) ${quoteLiteral(part.upper)}::pg_catalog.tid`)
  return conditions
}
