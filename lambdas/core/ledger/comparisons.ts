import type { Session } from '../postgres/connect.ts'
import { sqlFile } from '../postgres/sql-file.ts'
import type { Task } from '../task/task.ts'
import type { ChunkKind } from './chunks/chunk.ts'

/** $1 run: all relations of a run, by schema and name, as rows of `Comparison`. */
export const READ_COMPARISONS = sqlFile(new URL('./sql/read-comparisons.sql', import.meta.url))

/** Both sides of a relation, as the ledger knows them. Counts and digests are the servers' own text. */
export interface Comparison {
  /** On the source; 0 stands for the large objects. */
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** What the destination calls it. */
  readonly thereSchema?: string
  readonly thereName?: string
  readonly format: 'binary' | 'text'
  /** Why it travels as text; `null` where it is binary. */
  readonly formatReason?: string | null
  /** How it is cut into chunks, and why in that way. */
  readonly cutReason?: string | null
  /** Which of its rows are migrated and compared, as SQL; `null`: all. */
  readonly where?: string | null
  /** The task's filter: which of the source's rows are migrated, as SQL; `null`: all. */
  readonly filter?: string | null
  /** About how many rows the source has of a filtered table; `null` where that is not known. */
  readonly rowsEstimated?: number | null
  /** Columns whose values the task computes. */
  readonly expressed?: readonly string[]
  /** Columns, or attributes of them, of whose values only NULL and not NULL is compared. */
  readonly notCompared?: readonly string[]
  /** It was written to after the view was lost, and copied again. */
  readonly copiedAgain?: boolean
  /** It stood on the destination before the run. @default false */
  readonly kept?: boolean
  /** What its chunks are ranges of. */
  readonly kind?: ChunkKind | null
  /** Number of its first chunk: the largest chunks of the run come first. */
  readonly order?: number | null
  /** Estimated, of the source. */
  readonly bytes: number
  /** What became of the object that creates the relation; `null` where none is known. */
  readonly objectStatus: string | null
  readonly chunks: number
  readonly openChunks: number
  /** Failed attempts of all its chunks. */
  readonly attempts: number
  readonly copiedBytes: number | null
  readonly milliseconds: number | null
  readonly lastError: string | null
  readonly sourceRows: string | null
  readonly sourceDigest: string | null
  readonly parts: number
  /** The destination has been cut into parts. */
  readonly planned: boolean
  readonly openParts: number
  readonly destinationRows: string | null
  readonly destinationDigest: string | null
  /** Null where no others stood in the table. */
  readonly beside?: RowsBeside | null
}

/** What became of rows of the source that came beside others. */
export interface RowsBeside {
  readonly inserted: number
  /** Stood there already, the same to the byte. */
  readonly equal: number
  /** What stands there under their key, or under another unique one, is another row, and stays. */
  readonly different: number
  /** Where the first of those stand: ctids. */
  readonly places: readonly string[]
  /** Rows of the destination that are none of the source’s; null: not looked at yet. */
  readonly others: number | null
}

/** All relations of a run, by schema and name. */
export async function readComparisons(destination: Session, run: string): Promise<Comparison[]> {
  return destination.rows<Comparison>(READ_COMPARISONS, [run])
}

/**
 * - `unwanted`: the task compares nothing
 * - `absent`: the table was not created, which its object's status says
 * - `open`: not all has been read yet
 */
export type ComparisonResult = 'equal' | 'differs' | 'open' | 'absent' | 'unwanted'

/** The judgement: equal only where everything was read on both sides and every number that the mode asks for is the same. */
export function compare(relation: Comparison, mode: Task['validation']['mode']): ComparisonResult {
  if (wasNotCreated(relation)) return 'absent'
  if (mode === 'none') return 'unwanted'
  if (relation.chunks === 0 || relation.openChunks > 0) return 'open'
  // Planned and no part at all: the table is not on the destination any more.
  if (relation.parts === 0) return relation.planned ? 'differs' : 'open'
  if (relation.openParts > 0) return 'open'
  if (relation.sourceRows === null || relation.sourceRows !== relation.destinationRows) return 'differs'
  if (mode === 'full' && relation.sourceDigest !== relation.destinationDigest) return 'differs'
  return 'equal'
}

export function wasNotCreated(relation: Comparison): boolean {
  return relation.objectStatus === 'failed' || relation.objectStatus === 'blocked'
}
