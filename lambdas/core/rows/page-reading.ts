import type { Relation } from '../ledger/relation.ts'
import { TID_RANGES } from '../postgres/tid-ranges.ts'
import type { RowRange } from './range.ts'

/**
 * What is read by scans before 14. A scan costs 0.34 ms of CPU for each megabyte of the table, as often as there are chunks;
 * an array of TIDs 7 ms for each megabyte of its pages, once (PostgreSQL 10, 97 rows on a page). Larger tables may not stay
 * in the server's memory from one scan to the next.
 */
const SCANNED = { bytes: 1024 ** 3, chunks: 16 }
/** An array of TIDs for 32 MiB of pages has about 1.2 million elements, as many as is sensible; twice that is bearable. */
export const TID_ARRAY_BYTES = 32 * 1024 * 1024
const MOST_ARRAY_PAGES = (2 * TID_ARRAY_BYTES) / 8192

/**
 * How a range of pages of a table is read:
 * - `range`: a TID range scan
 * - `scan`: the table from its start to its end, other pages left out
 * - `array`: by every possible TID of the pages
 */
export type PageReading = 'range' | 'scan' | 'array'

/** @param chunks how many there are of the table */
export function readingOfPages(relation: Pick<Relation, 'bytes'>, chunks: number, serverVersion: number): PageReading {
  if (serverVersion >= TID_RANGES) return 'range'
  return relation.bytes <= SCANNED.bytes && chunks <= SCANNED.chunks ? 'scan' : 'array'
}

/** The same for one range as it is by now: a call that had no time for it has halved it. */
export function readingOfRange(
  relation: Pick<Relation, 'bytes' | 'pages'>,
  range: RowRange,
  serverVersion: number,
): PageReading {
  const pages = Number(range.upper ?? relation.pages) - Number(range.lower ?? 0)
  const reading = readingOfPages(relation, Math.round(relation.pages / Math.max(1, pages)), serverVersion)
  return reading === 'array' && pages > MOST_ARRAY_PAGES ? 'scan' : reading
}
