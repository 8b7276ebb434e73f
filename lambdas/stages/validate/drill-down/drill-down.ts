import type { Comparison } from '../../../core/ledger/comparisons.ts'
import type { Difference, DifferencePlace } from '../../../core/ledger/differences.ts'
import type { Relation, RelationAtEnd } from '../../../core/ledger/relation.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { keyRangeAt, type RowRange, rangeAtEnd } from '../../../core/rows/range.ts'
import { bucketQuery, pairQuery, rowHashes } from '../../../core/rows/row-hashes.ts'
import { type Bucket, compareBuckets } from './compare-buckets.ts'
import { compareRows, type DifferentRow, type HashedRow, type RowDifferences } from './compare-rows.ts'

/** Rows of one side held in memory at once: about 50 MB. */
const MOST_ROWS = 200_000
const ROWS_PER_BUCKET = 4_096
/** What the servers answer stays a few megabytes. */
const MOST_BUCKETS = 65_536
const MOST_PLACES = 20

/** Both ends of the look: sessions inside a read-only transaction of one view each. */
export interface Ends {
  readonly source: Session
  readonly destination: Session
}

/**
 * Looks into a table that differs: hashes per bucket of the key on both sides, then the rows of the buckets that differ, as
 * hashes. No value leaves a server. The source is read as it is now.
 * @throws SampanError what the servers answer, a time-out too
 */
export async function drillDown(ends: Ends, relation: Relation, known: Comparison): Promise<Difference> {
  const rows = Math.max(Number(known.sourceRows ?? 0), Number(known.destinationRows ?? 0))
  const keyOf = await readKey(ends.source, relation)
  const { here, ...found } = await findDifferences(ends, relation, { keyOf, rows, mostRows: MOST_PLACES })
  return {
    relation: relation.oid,
    missing: found.missing,
    surplus: found.surplus,
    different: found.different,
    complete: found.complete,
    sourceChanged: hasChanged(here, known, relation),
    places: found.rows.map(placeOf),
  }
}

/** What is looked into. */
export interface Look {
  readonly keyOf: KeyOf
  /** About how many rows there are, of the end that has more. */
  readonly rows: number
  /** So many differing rows are named; all are counted. */
  readonly mostRows: number
  /** A range of the key. @default all rows */
  readonly range?: RowRange
}

/** What was found: numbers that are the least ones where not all could be read. */
export interface FoundDifferences extends RowDifferences {
  readonly complete: boolean
  /** All buckets of the source. */
  readonly here: readonly Bucket[]
}

/**
 * The differing rows of a table, or of a range of its key, by their hashes.
 * @throws SampanError what the servers answer, a time-out too
 */
export async function findDifferences(ends: Ends, relation: Relation, look: Look): Promise<FoundDifferences> {
  const version = Math.min(ends.source.serverVersion, ends.destination.serverVersion)
  const buckets = bucketCount(look.rows)
  const asked = ({ side }: Session) => {
    const end = relation[side]
    const conditions = look.range === undefined ? [] : rangeAtEnd(keyRangeAt(relation, look.range, side))
    return [end, rowHashes(end, look.keyOf(end), version), buckets, conditions] as const
  }
  const [here, there] = await both(ends, (session) => session.rows<Bucket>(bucketQuery(...asked(session))))
  const { toRead, unread, complete } = compareBuckets(here, there, MOST_ROWS)
  const [left, right] = await both(ends, async (session) => {
    return toRead.length === 0 ? [] : session.rows<HashedRow>(pairQuery(...asked(session)), [toRead])
  })
  const found = compareRows(left, right, look.mostRows)
  return {
    missing: found.missing + unread.missing,
    surplus: found.surplus + unread.surplus,
    different: found.different + unread.different,
    rows: found.rows,
    complete,
    here,
  }
}

/** Of a row that both have, the destination's is the one to look at. */
function placeOf({ kind, source, destination }: DifferentRow): DifferencePlace {
  return destination === null
    ? { side: 'source', ctid: source ?? '', kind }
    : { side: 'destination', ctid: destination, kind }
}

/** The columns of a table's key as one of the ends calls them; none where it has no key. */
export type KeyOf = (end: RelationAtEnd) => readonly string[]

/** The columns of the primary key, as either end calls them; none where the source has no such key. */
export async function readKey(source: Session, relation: Relation): Promise<KeyOf> {
  const key = await source.rows<{ name: string }>(
    // Columns that the key's index only includes (11 and later) have no operator class.
    `SELECT a.attname::text AS name FROM pg_catalog.pg_index i
      CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(i.indkey), pg_catalog.unnest(i.indclass)) WITH ORDINALITY AS u(attnum, class, ordinality)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
      WHERE i.indrelid = $1 AND i.indisprimary AND u.class IS NOT NULL ORDER BY u.ordinality`,
    [relation.oid],
  )
  const places = key.map(({ name }) => relation.source.columns.indexOf(name))
  // Without one of its columns a key is none.
  if (places.includes(-1)) return () => []
  return (end) => places.flatMap((place) => end.columns[place] ?? [])
}

/** A power of two: the bucket is the hash's lowest bits. */
function bucketCount(rows: number): number {
  return Math.min(MOST_BUCKETS, 2 ** Math.ceil(Math.log2(Math.max(1, rows / ROWS_PER_BUCKET))))
}

/** The sums over all buckets are the table's digest once more. */
function hasChanged(source: readonly Bucket[], known: Comparison, relation: Relation): boolean {
  const rows = source.reduce((sum, bucket) => sum + BigInt(bucket.rows), 0n)
  const digest = source.reduce((sum, bucket) => sum + BigInt(bucket.digest), 0n)
  if (rows !== BigInt(known.sourceRows ?? 0)) return true
  return relation.source.digestSql !== null && known.sourceDigest !== null && digest !== BigInt(known.sourceDigest)
}

/** Asks both ends at once, and waits for both whatever comes of either. */
export async function both<Result>(ends: Ends, read: (end: Session) => Promise<Result>): Promise<[Result, Result]> {
  const answers = await Promise.allSettled([read(ends.source), read(ends.destination)])
  const [source, destination] = answers
  if (source.status === 'rejected') throw source.reason
  if (destination.status === 'rejected') throw destination.reason
  return [source.value, destination.value]
}
