import type { Chunk } from '../../../core/ledger/chunks/chunk.ts'
import { LARGE_OBJECTS_OID, type Relation } from '../../../core/ledger/relation.ts'
import { readingOfPages, TID_ARRAY_BYTES } from '../../../core/rows/page-reading.ts'
import type { KeyCut } from './key-bounds.ts'

export interface ChunkingOptions {
  /** Bytes of a table that travel in one transaction. */
  readonly chunkBytes: number
  readonly sourceVersion: number
}

export type UnnumberedChunk = Omit<Chunk, 'id'>

/** How many chunks a relation should have, by bytes alone. */
export function countChunks(relation: Pick<Relation, 'bytes'>, chunkBytes: number): number {
  return Math.max(1, Math.ceil(relation.bytes / chunkBytes))
}

/** Cuts a relation at bounds of its key. The first chunk has no lower and the last no upper bound. */
export function cutByKey(relation: Pick<Relation, 'oid' | 'bytes'>, cut: KeyCut): UnnumberedChunk[] {
  const bounds = cut.bounds.map((bound) => JSON.stringify(bound))
  return Array.from({ length: bounds.length + 1 }, (_, index) => ({
    relation: relation.oid,
    kind: 'key' as const,
    lower: bounds[index - 1] ?? null,
    upper: bounds[index] ?? null,
    keyColumn: JSON.stringify(cut.names),
    bytes: Math.ceil(relation.bytes / (bounds.length + 1)),
  }))
}

/**
 * Cuts a relation by its pages into chunks of about equal bytes, TOAST counted in. The first chunk has no lower and the
 * last no upper bound: whatever the snapshot sees is in exactly one of them, also rows on pages added after the plan.
 */
export function cutByPages(
  relation: Pick<Relation, 'oid' | 'bytes' | 'pages'>,
  options: ChunkingOptions,
): UnnumberedChunk[] {
  const wanted = countChunks(relation, options.chunkBytes)
  const reading = readingOfPages(relation, wanted, options.sourceVersion)
  const small = wanted > 1 && reading === 'array' ? countChunks(relation, TID_ARRAY_BYTES) : 1
  const count = Math.min(Math.max(wanted, small), relation.pages)
  if (count <= 1)
    return [{ relation: relation.oid, kind: 'whole', lower: null, upper: null, keyColumn: null, bytes: relation.bytes }]
  const bound = (index: number) => String(Math.floor((relation.pages / count) * index))
  return Array.from({ length: count }, (_, index) => ({
    relation: relation.oid,
    kind: 'tid' as const,
    lower: index === 0 ? null : bound(index),
    upper: index === count - 1 ? null : bound(index + 1),
    keyColumn: null,
    bytes: Math.ceil(relation.bytes / count),
  }))
}

/** Chunks of the large objects between the given oids, each the first of a chunk. */
export function cutLargeObjects(bounds: readonly string[], bytes: number): UnnumberedChunk[] {
  return bounds.map((_, index) => ({
    relation: LARGE_OBJECTS_OID,
    kind: 'large_objects' as const,
    lower: index === 0 ? null : (bounds[index] ?? null),
    upper: bounds[index + 1] ?? null,
    keyColumn: null,
    bytes: Math.ceil(bytes / bounds.length),
  }))
}

/** Numbers the plan above what is numbered, largest first: the number breaks ties in the claim. */
export function numberChunks(chunks: readonly UnnumberedChunk[], lastId = 0): Chunk[] {
  return chunks.toSorted((a, b) => b.bytes - a.bytes).map((chunk, index) => ({ ...chunk, id: lastId + index + 1 }))
}
