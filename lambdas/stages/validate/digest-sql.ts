import type { DigestPart } from '../../core/ledger/validation.ts'
import { type DigestOptions, destinationDigest } from '../../core/rows/digest.ts'

/**
 * Count and digest of many parts in one statement, a row each: `id, rows, digest`, all text. Small tables share a round
 * trip this way, wherever the destination is.
 */
export function digestStatement(parts: readonly DigestPart[], options: DigestOptions): string {
  return parts
    .map(({ id, relation, range }) => {
      const read = destinationDigest(relation, range, options)
      return `SELECT ${id} AS id, part.rows, part.digest FROM (${read}) AS part(rows, digest)`
    })
    .join('\nUNION ALL\n')
}
