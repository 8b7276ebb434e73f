import type { DigestPart } from '../../core/ledger/validation.ts'
import { type DigestOptions, destinationDigest } from '../../core/rows/digest.ts'

/**
 * Count and digest of many parts in one statement, a row each: `id, rows, digest`, all text. Small tables share a round
 * trip this way, wherever the destination is.
 */
export function digestStatement(parts: readonly DigestPart[], options: DigestOptions): string {
  return together(parts.map(({ id, relation, range }) => ({ id, read: destinationDigest(relation, range, options) })))
}

/** Many queries of (count, digest) as one statement. */
export function together(reads: readonly { readonly id: number; readonly read: string }[]): string {
  return reads
    .map(({ id, read }) => `SELECT ${id} AS id, part.rows, part.digest FROM (${read}) AS part(rows, digest)`)
    .join('\nUNION ALL\n')
}
