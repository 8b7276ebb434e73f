import type { DigestPart } from '../../core/ledger/validation.ts'
import { besideDigest } from '../../core/rows/beside.ts'
import { type DigestOptions, destinationDigest } from '../../core/rows/digest.ts'

/**
 * Count and digest of many parts in one statement, a row each: `id, rows, digest, others`, all but the first text. Small tables share a round
 * trip this way, wherever the destination is.
 */
export function digestStatement(parts: readonly DigestPart[], options: DigestOptions): string {
  return parts
    .map(({ id, relation, range, beside }) =>
      beside === null
        ? `SELECT ${id} AS id, part.rows, part.digest, NULL::text AS others FROM (${destinationDigest(relation, range, options)}) AS part(rows, digest)`
        : `SELECT ${id} AS id, part.rows, part.digest, part.others FROM (${besideDigest(relation, beside.run, beside.relation, range)}) AS part(rows, digest, others)`,
    )
    .join('\nUNION ALL\n')
}

/** Many queries of (count, digest) as one statement. */
export function together(reads: readonly { readonly id: number; readonly read: string }[]): string {
  return reads
    .map(({ id, read }) => `SELECT ${id} AS id, part.rows, part.digest FROM (${read}) AS part(rows, digest)`)
    .join('\nUNION ALL\n')
}
