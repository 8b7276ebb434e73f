import type { Relation } from '../../../core/ledger/relation.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { quoteIdentifier } from '../../../core/postgres/identifiers.ts'
import { sqlFile } from '../../../core/postgres/sql-file.ts'
import { tableOf } from '../../../core/rows/select.ts'

const KEYS = sqlFile(new URL('./sql/keys.sql', import.meta.url))

/** A key by which a table can be cut. */
export interface TableKey {
  readonly relation: number
  /** The key's columns in order. */
  readonly names: readonly string[]
  /** How far the rows lie in the order of the first column: -1 to 1; `null` where the table was never analyzed. */
  readonly correlation: number | null
  /** `pg_stats.histogram_bounds` of a key of one column. */
  readonly bounds: readonly string[] | null
  /** Pages at the last ANALYZE or VACUUM. */
  readonly analyzedPages: number
}

/** Where a key is cut: each bound has a value of each of its columns, in the server's own text. */
export interface KeyCut {
  readonly names: readonly string[]
  readonly bounds: readonly (readonly string[])[]
  readonly from: 'statistics' | 'sample'
}

/** The key of each table by which its rows lie together best; none where it has none whose order is certain. */
export async function readKeys(source: Session, relations: readonly number[]): Promise<ReadonlyMap<number, TableKey>> {
  if (relations.length === 0) return new Map()
  const rows = await source.rows<TableKey>(KEYS, [relations, source.serverVersion >= 180_000])
  return new Map(rows.map((row) => [row.relation, row]))
}

/** Buckets of the histogram that a chunk should have at least, so that chunks are about equal. */
const BUCKETS_PER_CHUNK = 2
/** A table that has grown by more since its statistics were taken is sampled. */
const GROWN = 1.1
/** Pages read for a sample: some for each chunk, within bounds. */
const SAMPLE = { perChunk: 10, least: 100, most: 5_000 }
/** Line pointers of a page of the smallest rows: enough for a sample. */
const LINES = 291

/**
 * The percentiles of the key: from the statistics where these are fresh and fine enough, else from a sample of pages.
 * Never evenly between the smallest and the largest value: keys have gaps.
 */
export async function cutKey(source: Session, relation: Relation, key: TableKey, count: number): Promise<KeyCut> {
  const fresh = relation.pages <= key.analyzedPages * GROWN
  const buckets = (key.bounds?.length ?? 0) - 1
  if (key.bounds !== null && fresh && buckets >= count * BUCKETS_PER_CHUNK) {
    const { bounds } = key
    const picked = Array.from({ length: count - 1 }, (_, index) => bounds[Math.round(((index + 1) * buckets) / count)])
    return {
      names: key.names,
      bounds: distinct(picked.flatMap((bound) => (bound === undefined ? [] : [[bound]]))),
      from: 'statistics',
    }
  }
  const rows = await source.rows<{ bound: readonly string[] }>(sampleSql(relation, key, count, source.serverVersion))
  return { names: key.names, bounds: distinct(rows.map(({ bound }) => bound)), from: 'sample' }
}

/** Bounds come in order; one that is there twice would make an empty chunk. */
function distinct(bounds: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return bounds.filter((bound, index) => JSON.stringify(bound) !== JSON.stringify(bounds[index - 1]))
}

function sampleSql(relation: Relation, key: TableKey, count: number, serverVersion: number): string {
  const columns = key.names.map(quoteIdentifier).join(', ')
  // Names of our own: the key's columns may be called anything.
  const values = key.names.map((_, index) => `k${index}`)
  const texts = values.map((name) => `${name}::pg_catalog.text`).join(', ')
  const named = key.names.map((name, index) => `${quoteIdentifier(name)} AS k${index}`).join(', ')
  return `SELECT bound FROM (
      SELECT ARRAY[${texts}] AS bound, part, pg_catalog.lag(part) OVER (ORDER BY ${values.join(', ')}) AS before
        FROM (SELECT ${named}, pg_catalog.ntile(${count}) OVER (ORDER BY ${columns}) AS part
                FROM ${sampled(relation, count, serverVersion)}) ranked) cut
    WHERE part <> before ORDER BY part`
}

function sampled(relation: Relation, count: number, serverVersion: number): string {
  const table = `ONLY ${tableOf(relation.source)}`
  const pages = relation.pages > 0 ? relation.pages : Math.ceil(relation.bytes / 8192)
  const wanted = Math.min(Math.max(count * SAMPLE.perChunk, SAMPLE.least), SAMPLE.most)
  const percent = Math.min(100, (100 * wanted) / Math.max(1, pages))
  if (serverVersion >= 90_500) return `${table} TABLESAMPLE SYSTEM (${percent}) REPEATABLE (1)`
  const step = Math.max(1, Math.floor(pages / wanted))
  return `${table} WHERE ctid = ANY (ARRAY(SELECT pg_catalog.format('(%s,%s)', page, line)::pg_catalog.tid
    FROM pg_catalog.generate_series(0, ${pages - 1}, ${step}) AS page, pg_catalog.generate_series(1, ${LINES}) AS line))`
}
