import type { Comparison } from '../../../core/ledger/comparisons.ts'
import type { Difference } from '../../../core/ledger/differences.ts'
import type { Relation, RelationAtEnd } from '../../../core/ledger/relation.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { bucketQuery, pairQuery, rowHashes } from '../../../core/rows/row-hashes.ts'
import { type Bucket, compareBuckets } from './compare-buckets.ts'
import { compareRows, type HashedRow } from './compare-rows.ts'

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
  const keyOf = await readKey(ends.source, relation)
  const version = Math.min(ends.source.serverVersion, ends.destination.serverVersion)
  const hashes = (end: RelationAtEnd) => rowHashes(end, keyOf(end), version)
  const buckets = bucketCount(Math.max(Number(known.sourceRows ?? 0), Number(known.destinationRows ?? 0)))
  const [here, there] = await both(ends, (session) => {
    const end = relation[session.side]
    return session.rows<Bucket>(bucketQuery(end, hashes(end), buckets))
  })
  const { toRead, unread, complete } = compareBuckets(here, there, MOST_ROWS)
  const [left, right] = await both(ends, async (session) => {
    const end = relation[session.side]
    return toRead.length === 0 ? [] : session.rows<HashedRow>(pairQuery(end, hashes(end), buckets), [toRead])
  })
  const found = compareRows(left, right, MOST_PLACES)
  return {
    relation: relation.oid,
    missing: found.missing + unread.missing,
    surplus: found.surplus + unread.surplus,
    different: found.different + unread.different,
    complete,
    sourceChanged: hasChanged(here, known, relation),
    places: found.places,
  }
}

/** The columns of the primary key, as either end calls them; none where the source has no such key. */
async function readKey(source: Session, relation: Relation): Promise<(end: RelationAtEnd) => readonly string[]> {
  const key = await source.rows<{ name: string }>(
    `SELECT a.attname::text AS name FROM pg_catalog.pg_index i
       JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
      WHERE i.indrelid = $1 AND i.indisprimary ORDER BY a.attnum`,
    [relation.oid],
  )
  const places = key.map(({ name }) => relation.source.columns.indexOf(name))
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

async function both<Result>(ends: Ends, read: (end: Session) => Promise<Result>): Promise<[Result, Result]> {
  const answers = await Promise.allSettled([read(ends.source), read(ends.destination)])
  const [source, destination] = answers
  if (source.status === 'rejected') throw source.reason
  if (destination.status === 'rejected') throw destination.reason
  return [source.value, destination.value]
}
