/** Rows and digest of one bucket, the server's own text. */
export interface Bucket {
  readonly bucket: number
  readonly rows: string
  readonly digest: string
}

/** Buckets that differ: those to be read row by row, and what can be said of the others without it. */
export interface BucketDifferences {
  readonly toRead: readonly number[]
  /** Least numbers of the buckets that are not read. */
  readonly unread: { readonly missing: number; readonly surplus: number; readonly different: number }
  readonly complete: boolean
}

/**
 * Finds the buckets that differ and takes as many as hold at most `mostRows` rows of one side together.
 * @param mostRows what memory allows
 */
export function compareBuckets(
  source: readonly Bucket[],
  destination: readonly Bucket[],
  mostRows: number,
): BucketDifferences {
  const there = new Map(destination.map((bucket) => [bucket.bucket, bucket]))
  const here = new Map(source.map((bucket) => [bucket.bucket, bucket]))
  const toRead: number[] = []
  const unread = { missing: 0, surplus: 0, different: 0 }
  let complete = true
  let rowsLeft = mostRows
  for (const number of new Set([...here.keys(), ...there.keys()])) {
    const [left, right] = [here.get(number), there.get(number)]
    if (left?.rows === right?.rows && left?.digest === right?.digest) continue
    const [leftRows, rightRows] = [Number(left?.rows ?? 0), Number(right?.rows ?? 0)]
    const rows = Math.max(leftRows, rightRows)
    if (rows <= rowsLeft) {
      toRead.push(number)
      rowsLeft -= rows
      continue
    }
    complete = false
    unread.missing += Math.max(0, leftRows - rightRows)
    unread.surplus += Math.max(0, rightRows - leftRows)
    // Equal numbers, unequal digests: one row at least.
    if (leftRows === rightRows) unread.different += 1
  }
  return { toRead, unread, complete }
}
