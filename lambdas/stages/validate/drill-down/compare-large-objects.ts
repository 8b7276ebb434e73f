import { performance } from 'node:perf_hooks'
import type { Comparison } from '../../../core/ledger/comparisons.ts'
import type { Difference, DifferencePlace } from '../../../core/ledger/differences.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { HASH_ARRAYS } from '../../../core/postgres/hash-bytes.ts'
import { largeObjectDigests } from '../../../core/rows/large-objects.ts'
import type { Ends } from './drill-down.ts'

/** Ids of one slice at either end: its answers are held in memory. */
const SLICE = 10_000
/** Each has to be removed by its id, so more are named than of rows. */
const MOST_PLACES = 1_000

/** A large object by its id. */
export interface Digested {
  readonly oid: string
  readonly pages: string
  readonly digest: string
}

/**
 * Which large objects differ, by their ids, slice after slice; no byte of them leaves a server. The source is read as it is now.
 * @param deadline by `performance.now()`: no slice is begun behind it
 */
export async function compareLargeObjects(ends: Ends, known: Comparison, deadline: number): Promise<Difference> {
  const modern = Math.min(ends.source.serverVersion, ends.destination.serverVersion) >= HASH_ARRAYS
  const counts = { missing: 0, surplus: 0, different: 0 }
  const places: DifferencePlace[] = []
  const note = (kind: DifferencePlace['kind'], oid: string) => {
    counts[kind] += 1
    if (places.length < MOST_PLACES)
      places.push({ side: kind === 'missing' ? 'source' : 'destination', ctid: oid, kind })
  }
  let [pages, digest] = [0n, 0n]
  let lower: string | null = '0'
  while (lower !== null && performance.now() < deadline) {
    const from: string = lower
    const upper = nearest(await Promise.all([endOfSlice(ends.source, from), endOfSlice(ends.destination, from)]))
    const query = largeObjectDigests(from, upper, modern)
    const [here, there] = await Promise.all([ends.source.rows<Digested>(query), ends.destination.rows<Digested>(query)])
    compareSlice(here, there, note)
    pages += here.reduce((sum, one) => sum + BigInt(one.pages), 0n)
    digest += here.reduce((sum, one) => sum + BigInt(one.digest), 0n)
    lower = upper
  }
  const complete = lower === null
  const changed =
    pages !== BigInt(known.sourceRows ?? 0) || (known.sourceDigest !== null && digest !== BigInt(known.sourceDigest))
  return { relation: known.oid, ...counts, complete, sourceChanged: complete && changed, places }
}

/** Tells each object that one of the ends lacks, or has otherwise. */
export function compareSlice(
  here: readonly Digested[],
  there: readonly Digested[],
  note: (kind: DifferencePlace['kind'], oid: string) => void,
): void {
  const others = new Map(there.map((one) => [one.oid, one]))
  for (const { oid, pages, digest } of here) {
    const other = others.get(oid)
    others.delete(oid)
    if (other === undefined) note('missing', oid)
    else if (other.pages !== pages || other.digest !== digest) note('different', oid)
  }
  for (const oid of others.keys()) note('surplus', oid)
}

async function endOfSlice(session: Session, from: string): Promise<string | null> {
  const [row] = await session.rows<{ oid: string }>(
    `SELECT oid::text AS oid FROM pg_catalog.pg_largeobject_metadata WHERE oid >= $1::pg_catalog.oid ORDER BY oid OFFSET ${SLICE} LIMIT 1`,
    [from],
  )
  return row?.oid ?? null
}

function nearest(ends: readonly (string | null)[]): string | null {
  const oids = ends.filter((oid) => oid !== null).map(Number)
  return oids.length === 0 ? null : String(Math.min(...oids))
}
