/** One row as two hashes and its address. */
export interface HashedRow {
  readonly key: string
  readonly row: string
  readonly place: string
}

/** A row that one side lacks, or has otherwise. */
export interface DifferentRow {
  readonly kind: 'missing' | 'surplus' | 'different'
  /** Hash of its key. */
  readonly key: string
  /** Where it lies on each side; `null` where it is not there. */
  readonly source: string | null
  readonly destination: string | null
}

export interface RowDifferences {
  readonly missing: number
  readonly surplus: number
  readonly different: number
  readonly rows: readonly DifferentRow[]
}

/**
 * Compares two sets of rows in which duplicates count: equal rows of a key cancel each other one by one; what is left of a
 * key on both sides is different, the rest is missing or surplus.
 */
export function compareRows(
  source: readonly HashedRow[],
  destination: readonly HashedRow[],
  mostRows: number,
): RowDifferences {
  const there = byKey(destination)
  const counts = { missing: 0, surplus: 0, different: 0 }
  const different: DifferentRow[] = []
  const note = (kind: DifferentRow['kind'], key: string, here: HashedRow | null, there: HashedRow | null) => {
    counts[kind] += 1
    if (different.length < mostRows) {
      different.push({ kind, key, source: here?.place ?? null, destination: there?.place ?? null })
    }
  }
  for (const [key, rows] of byKey(source)) {
    const others = there.get(key) ?? []
    there.delete(key)
    const [left, right] = cancel(rows, others)
    const pairs = Math.min(left.length, right.length)
    for (const [at, row] of right.slice(0, pairs).entries()) note('different', key, left[at] ?? null, row)
    for (const row of left.slice(pairs)) note('missing', key, row, null)
    for (const row of right.slice(pairs)) note('surplus', key, null, row)
  }
  for (const [key, rows] of there) for (const row of rows) note('surplus', key, null, row)
  return { ...counts, rows: different }
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
