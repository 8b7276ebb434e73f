import type { Chunk } from '../ledger/chunks/chunk.ts'
import type { Relation, RelationAtEnd, RelationAtSource } from '../ledger/relation.ts'
import type { Side } from '../postgres/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../postgres/identifiers.ts'
import type { PageReading } from './page-reading.ts'
import { tableOf } from './select.ts'

/** A part of a relation's rows at one end. Bounds of pages are that end's own: the other one has the same rows on other pages. */
export type RowRange = Pick<Chunk, 'kind' | 'lower' | 'upper' | 'keyColumn'>

/** Line pointers of a page at most (MaxHeapTuplesPerPage): a header of 24 bytes, 28 bytes for the smallest row. */
const LINES_PER_PAGE = `(pg_catalog.current_setting('block_size')::integer - 24) / 28`

/** The conditions of a range of the source's rows; none for all of them. */
export function rangeOfSource(relation: RelationAtSource, range: RowRange, reading: PageReading): readonly string[] {
  if (range.kind === 'key') return keyRange(range)
  return reading === 'array' && range.kind === 'tid' ? [pageArray(relation, range)] : pageRange(range)
}

/** The conditions of a range in an end's own names and pages, of the whole table none. */
export function rangeAtEnd(range: RowRange): readonly string[] {
  return range.kind === 'key' ? keyRange(range) : pageRange(range)
}

/** A range of a key, which is in the source's names, as one of the two ends calls its columns; ranges of pages are of one end alone. */
export function keyRangeAt(relation: Pick<Relation, 'source' | 'destination'>, range: RowRange, side: Side): RowRange {
  if (range.kind !== 'key') return range
  const there = texts(range.keyColumn ?? '[]').map((name) => {
    return relation[side].columns[relation.source.columns.indexOf(name)] ?? name
  })
  return { ...range, keyColumn: JSON.stringify(there) }
}

/** The conditions of a range of a key; none where it has no bound. Keys are the source's: nothing else is cut by them. */
export function keyRange(range: RowRange): readonly string[] {
  return between(keyRow(range.keyColumn ?? '[]'), range, boundRow)
}

/** The conditions of a range of pages; none where it has no bound. */
function pageRange(range: RowRange): readonly string[] {
  return between('ctid', range, (page) => `'(${page},0)'::pg_catalog.tid`)
}

/** The key's columns as the left side of a comparison of rows, which is in the order of their index. */
function keyRow(names: string): string {
  return `(${texts(names).map(quoteIdentifier).join(', ')})`
}

/** Literals without a type: each takes its column's. */
function boundRow(bound: string): string {
  return `(${texts(bound).map(quoteLiteral).join(', ')})`
}

function texts(json: string): readonly string[] {
  return JSON.parse(json) as readonly string[]
}

function between(left: string, { lower, upper }: RowRange, literal: (bound: string) => string): readonly string[] {
  const conditions: string[] = []
  if (lower !== null) conditions.push(`${left} OPERATOR(pg_catalog.>=) ${literal(lower)}`)
  if (upper !== null) conditions.push(`${left} OPERATOR(pg_catalog.<) ${literal(upper)}`)
  return conditions
}

/** Every possible TID of the pages, as an array: a Tid Scan reads these pages only. The last range reads to the end as it is now. */
function pageArray(relation: RelationAtEnd, { lower, upper }: RowRange): string {
  const end = upper ?? `(${bytesNow(relation)} / pg_catalog.current_setting('block_size')::integer)`
  // Half of each text is made once for its page or line, which halves the cost of the array.
  return `ctid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT (pages.half || lines.half)::pg_catalog.tid
    FROM (SELECT pg_catalog.concat('(', page, ',') AS half
            FROM pg_catalog.generate_series(${lower ?? 0}::bigint, ${end}::bigint - 1) AS page OFFSET 0) pages,
         (SELECT pg_catalog.concat(line, ')') AS half FROM pg_catalog.generate_series(1, ${LINES_PER_PAGE}) AS line OFFSET 0) lines))`
}

/**
 * Bytes of the file that the pages are of, as it is now. A tree's root has none: of its partitions the longest counts. The
 * catalogue is the view's; whoever attached another partition since is found behind the flight (copy/view/unchanged.ts).
 */
function bytesNow(relation: RelationAtEnd): string {
  const table = `${quoteLiteral(tableOf(relation))}::pg_catalog.regclass`
  if (!relation.tree) return `pg_catalog.pg_relation_size(${table})`
  return `(WITH RECURSIVE member(oid) AS (
      SELECT ${table}::pg_catalog.oid
      UNION SELECT i.inhrelid FROM member m JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) m.oid)
    SELECT pg_catalog.max(pg_catalog.pg_relation_size(m.oid)) FROM member m)`
}
