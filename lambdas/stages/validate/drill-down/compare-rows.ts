import type { DifferencePlace } from '../../../core/ledger/differences.ts'

/** One row as two hashes and its address. */
export interface HashedRow {
  readonly key: string
  readonly row: string
  readonly place: string
}

export interface RowDifferences {
  readonly missing: number
  readonly surplus: number
  readonly different: number
  readonly places: readonly DifferencePlace[]
}

/**
 * Compares two sets of rows in which duplicates count: equal rows of a key cancel each other one by one; what is left of a
 * key on both sides is different, the rest is missing or surplus.
 */
export function compareRows(
  source: readonly HashedRow[],
  destination: readonly HashedRow[],
  mostPlaces: number,
): RowDifferences {
  const there = byKey(destination)
  const counts = { missing: 0, surplus: 0, different: 0 }
  const places: DifferencePlace[] = []
  const note = (kind: DifferencePlace['kind'], side: DifferencePlace['side'], row: HashedRow | undefined) => {
    counts[kind] += 1
    if (row !== undefined && places.length < mostPlaces) places.push({ side, ctid: row.place, kind })
  }
  for (const [key, rows] of byKey(source)) {
    const others = there.get(key) ?? []
    there.delete(key)
    const [left, right] = cancel(rows, others)
    const pairs = Math.min(left.length, right.length)
    for (const row of right.slice(0, pairs)) note('different', 'destination', row)
    for (const row of left.slice(pairs)) note('missing', 'source', row)
    for (const row of right.slice(pairs)) note('surplus', 'destination', row)
  }
  for (const rows of there.values()) for (const row of rows) note('surplus', 'destination', row)
  return { ...counts, places }
}

/** What is left on each side after every row has taken one equal row of the other side with it. */
function cancel(
  left: readonly HashedRow[],
  right: readonly HashedRow[],
): [left: readonly HashedRow[], right: readonly HashedRow[]] {
  const waiting = new Map<string, number>()
  for (const { row } of right) waiting.set(row, (waiting.get(row) ?? 0) + 1)
  const take = (counts: Map<string, number>) => (candidate: HashedRow) => {
    const count = counts.get(candidate.row) ?? 0
    counts.set(candidate.row, count - 1)
    return count <= 0
  }
  const leftOver = left.filter(take(waiting))
  const met = new Map<string, number>()
  for (const { row } of left) met.set(row, (met.get(row) ?? 0) + 1)
  return [leftOver, right.filter(take(met))]
}

function byKey(rows: readonly HashedRow[]): Map<string, HashedRow[]> {
  const keys = new Map<string, HashedRow[]>()
  for (const row of rows) {
    const known = keys.get(row.key)
    if (known === undefined) keys.set(row.key, [row])
    else known.push(row)
  }
  return keys
}
