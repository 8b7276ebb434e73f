import type { RelationAtEnd } from '../ledger/relation.ts'
import { HASH_ARRAYS, hashBytes } from '../postgres/hash-bytes.ts'
import { rowsOf, valueAt, whereOf } from './select.ts'

/** How the rows of one table are named and compared without their values: two hashes of 64 bits per row. */
export interface RowHashes {
  /** Hashes the key; of a table without one, the whole row. */
  readonly key: string
  /** Hashes the row. */
  readonly row: string
}

/**
 * A value that the task computes is hashed as computed: not even the hash of what it masks leaves the source.
 * @param keyColumns of the primary key as this end calls them, empty where there is none
 * @param serverVersion the older of the two
 */
export function rowHashes(relation: RelationAtEnd, keyColumns: readonly string[], serverVersion: number): RowHashes {
  // Rows without a column, or without a digest, are all alike: then only their number can differ.
  const row = `(${relation.digestSql ?? '0::bigint'})`
  if (keyColumns.length === 0) return { key: row, row }
  // What the type's output function prints, since a cast to text may be the user's own; as the bytes that the session gets,
  // since the two databases may have different encodings.
  const printed = keyColumns.map(
    (column) => `pg_catalog.textsend(pg_catalog.format('%s', ${valueAt(relation, column)}))`,
  )
  const hash =
    serverVersion >= HASH_ARRAYS
      ? hashBytes(printed)
      : `('x' || pg_catalog.substr(pg_catalog.md5(${printed.map((value) => `pg_catalog.encode(${value}, 'hex') || ','`).join(' || ')}), 1, 16))::bit(64)::bigint`
  return { key: hash, row }
}

/** Rows and digest per bucket of the key's hash: `bucket, rows, digest`, one row per bucket that has any. */
export function bucketQuery(
  relation: RelationAtEnd,
  hashes: RowHashes,
  buckets: number,
  conditions: readonly string[] = [],
): string {
  return `SELECT (hashed.key & ${buckets - 1})::integer AS bucket, pg_catalog.count(*)::text AS rows,
       pg_catalog.sum(hashed.row)::text AS digest
  FROM (SELECT ${hashes.key} AS key, ${hashes.row} AS row FROM ${rowsOf(relation)}${whereOf(relation, ...conditions)}) AS hashed GROUP BY 1`
}

/** The rows of some buckets, `$1 integer[]`: `key, row, place`, all text. */
export function pairQuery(
  relation: RelationAtEnd,
  hashes: RowHashes,
  buckets: number,
  conditions: readonly string[] = [],
): string {
  return `SELECT hashed.key::text AS key, hashed.row::text AS row, hashed.place::text AS place
  FROM (SELECT ${hashes.key} AS key, ${hashes.row} AS row, ctid AS place FROM ${rowsOf(relation)}${whereOf(relation, ...conditions)}) AS hashed
 WHERE (hashed.key & ${buckets - 1})::integer = ANY ($1::integer[])`
}

/**
 * What some columns of the rows at some places hold, or what the task computes in their place, `$1 tid[]`: `place, key, values`, as the types' output
 * functions print them. In a tree
 * one place is in every partition: the key's hash tells them apart.
 */
export function placeQuery(relation: RelationAtEnd, hashes: RowHashes, columns: readonly string[]): string {
  const printed = columns.map((column) => {
    const value = valueAt(relation, column)
    return `CASE WHEN pg_catalog.pg_column_size(${value}) IS NOT NULL THEN pg_catalog.format('%s', ${value}) END`
  })
  return `SELECT ctid::text AS place, (${hashes.key})::text AS key, ARRAY[${printed.join(', ')}]::text[] AS values
  FROM ${rowsOf(relation)}${whereOf(relation, 'ctid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.tid[])')}`
}

/**
 * The condition that finds rows again in the view in which they were hashed, by place and key. In a tree one place is in every partition,
 * and of a key there may be several rows.
 */
export function isOneOf(
  hashes: RowHashes,
  rows: readonly { readonly place: string; readonly key: string }[],
): readonly string[] {
  const places = rows.map(({ place }) => `'${place}'`).join(', ')
  const pairs = rows.map(({ place, key }) => `'${place} ${key}'`).join(', ')
  return [
    `ctid OPERATOR(pg_catalog.=) ANY (ARRAY[${places}]::pg_catalog.tid[])`,
    `pg_catalog.concat(ctid, ' ', ${hashes.key}) OPERATOR(pg_catalog.=) ANY (ARRAY[${pairs}]::text[])`,
  ]
}
