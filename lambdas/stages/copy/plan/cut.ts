import type { Relation } from '../../../core/ledger/relation.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { TID_RANGES } from '../../../core/postgres/tid-ranges.ts'
import { readingOfPages } from '../../../core/rows/page-reading.ts'
import { toSampanError } from '../../../core/runtime/errors.ts'
import { type ChunkingOptions, countChunks, cutByKey, cutByPages, type UnnumberedChunk } from './chunking.ts'
import { cutKey, readKeys, type TableKey } from './key-bounds.ts'

/** Below this correlation a range of the key is scattered over the table, and an array of TIDs reads less. */
const IN_ORDER = 0.95
/** Fewer parts than this are a large share of the table, which the server may read by scanning all of it. */
const FEWEST_RANGES = 4

const NO_KEY = 'no key whose order is certain'

export interface Cut {
  readonly chunks: readonly UnnumberedChunk[]
  readonly reason: string
}

/**
 * Cuts every relation into chunks. From 14 on by ranges of pages. Before, where a range of pages is a scan of all of them:
 * by ranges of the key where the rows lie in its order; else a small table by such scans and a large one by arrays of TIDs,
 * which read their pages only and work without a key. A table that is not a heap has no pages that mean anything: by ranges of its key, or whole.
 */
export async function cutRelations(
  source: Session,
  relations: readonly Relation[],
  options: ChunkingOptions,
): Promise<ReadonlyMap<number, Cut>> {
  const large = relations.filter((relation) => countChunks(relation, options.chunkBytes) > 1)
  const candidates = large.filter((relation) => !relation.source.tree && mayUseKey(relation, options))
  const keys = await readKeys(
    source,
    candidates.map(({ oid }) => oid),
  )
  // The session is pipelined: all samples travel at once.
  const cuts = await Promise.all(
    relations.map(
      async (relation): Promise<[number, Cut]> => [
        relation.oid,
        await cut(source, relation, shownKey(relation, keys.get(relation.oid)), options),
      ],
    ),
  )
  return new Map(cuts)
}

/**
 * Bounds are values of the key, and stand in the destination's ledger: what the task computes is not to be seen there as it was, and what
 * it excludes not at all. The catalogue that keys are read from knows of neither.
 */
function shownKey({ source }: Relation, key: TableKey | undefined): TableKey | undefined {
  const asItIs = source.columns.filter((_, place) => (source.expressions[place] ?? null) === null)
  return key?.names.every((name) => asItIs.includes(name)) ? key : undefined
}

function mayUseKey(relation: Relation, options: ChunkingOptions): boolean {
  if (relation.pages === 0) return true
  return options.sourceVersion < TID_RANGES && countChunks(relation, options.chunkBytes) >= FEWEST_RANGES
}

async function cut(
  source: Session,
  relation: Relation,
  key: TableKey | undefined,
  options: ChunkingOptions,
): Promise<Cut> {
  const count = countChunks(relation, options.chunkBytes)
  if (count > 1 && relation.behind.includes(relation.oid)) {
    const reason = 'whole: its rows refer to each other, and the foreign key stands already'
    return { chunks: cutByPages({ ...relation, pages: 0 }, options), reason }
  }
  if (count <= 1) return { chunks: cutByPages(relation, options), reason: 'no larger than one chunk' }
  const heap = relation.pages > 0
  let failed: string | null = null
  const inOrder = key !== undefined && Math.abs(key.correlation ?? 0) >= IN_ORDER
  if (key !== undefined && (!heap || inOrder)) {
    const byKey = await tryKey(source, relation, key, count)
    if (typeof byKey !== 'string') return byKey
    failed = byKey
  }
  if (!heap) {
    const reason = relation.source.tree
      ? 'it travels through its root, and not all of its partitions are heaps'
      : `not a heap, and ${failed ?? NO_KEY}`
    return { chunks: cutByPages(relation, options), reason: `whole: ${reason}` }
  }
  const chunks = cutByPages(relation, options)
  const reading = readingOfPages(relation, count, options.sourceVersion)
  if (reading === 'range') return { chunks, reason: 'ranges of pages' }
  const few = count < FEWEST_RANGES ? 'few chunks' : null
  const why = failed ?? few ?? (key === undefined ? NO_KEY : 'the rows do not lie in the order of the key')
  return { chunks, reason: `${reading === 'scan' ? 'ranges of pages, a scan each' : 'arrays of TIDs'}: ${why}` }
}

/** Why not, where the sample says nothing or could not be taken (an access method without sampling). */
async function tryKey(source: Session, relation: Relation, key: TableKey, count: number): Promise<Cut | string> {
  try {
    const found = await cutKey(source, relation, key, count)
    if (found.bounds.length === 0) return 'the sample of its key is empty'
    const origin = found.from === 'statistics' ? 'the statistics' : 'a sample'
    return { chunks: cutByKey(relation, found), reason: `ranges of ${found.names.join(', ')}, from ${origin}` }
  } catch (thrown) {
    const error = toSampanError(thrown)
    if (error.kind === 'connection') throw error
    return `its key could not be sampled (${error.code})`
  }
}
