import type { Relation, RelationAtDestination, RelationAtEnd } from '../ledger/relation.ts'
import { largeObjectDigest } from './large-objects.ts'
import { readingOfRange } from './page-reading.ts'
import { type RowRange, rangeAtEnd, rangeOfSource } from './range.ts'
import { rowsOf, whereOf } from './select.ts'

export interface DigestOptions {
  /** False: rows are counted only. */
  readonly digests: boolean
  /** Both servers know `hash_array_extended` (11 and later). */
  readonly modernDigest: boolean
}

/**
 * Count and digest of a range of the source's rows, a query of one row of two texts.
 * @returns null where nothing is compared
 */
export function sourceDigest(
  relation: Pick<Relation, 'source' | 'bytes' | 'pages' | 'beside'>,
  range: RowRange,
  options: DigestOptions & { readonly sourceVersion: number },
): string | null {
  if (range.kind === 'large_objects') {
    return options.digests ? largeObjectDigest(range.lower, range.upper, options.modernDigest) : null
  }
  const { source } = relation
  // Rows that come beside others are known again by their hashes, whatever is compared.
  if (source.digestSql === null || (!options.digests && !relation.beside)) return null
  return countOf(
    source,
    source.digestSql,
    rangeOfSource(source, range, readingOfRange(relation, range, options.sourceVersion)),
  )
}

/** The same of the destination's rows; the digest is NULL where nothing but the count is compared. */
export function destinationDigest(relation: RelationAtDestination, range: RowRange, options: DigestOptions): string {
  return digestAtEnd(relation, range, options)
}

/** The same at either end. @param range in that end's names and pages */
export function digestAtEnd(relation: RelationAtEnd, range: RowRange, options: DigestOptions): string {
  if (range.kind === 'large_objects') {
    const both = largeObjectDigest(range.lower, range.upper, options.modernDigest)
    return options.digests ? both : `SELECT both.rows, NULL::text FROM (${both}) AS both(rows, digest)`
  }
  return countOf(relation, options.digests ? relation.digestSql : null, rangeAtEnd(range))
}

/** No alias: a column may have any name. */
function countOf(relation: RelationAtEnd, digestSql: string | null, conditions: readonly string[]): string {
  const digest = digestSql === null ? 'NULL::text' : `COALESCE(pg_catalog.sum(${digestSql}), 0)::text`
  return `SELECT pg_catalog.count(*)::text, ${digest} FROM ${rowsOf(relation)}${whereOf(relation, ...conditions)}`
}
