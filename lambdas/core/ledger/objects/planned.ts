import type { Session } from '../../postgres/connect.ts'
import { sqlFile } from '../../postgres/sql-file.ts'
import { inBatches } from '../../runtime/in-batches.ts'
import type { BesideColumn, TableRead } from '../relation.ts'

const STORE_OBJECTS = sqlFile(new URL('./sql/store-objects.sql', import.meta.url))
const STORE_RELATIONS = sqlFile(new URL('./sql/store-relations.sql', import.meta.url))

/**
 * Stages of a migration in their order; `never` is not applied at all. What is for owners comes when all rows are compared: from
 * then on the account may no longer alter, read or write what it gave away.
 */
export type Stage = 'create' | 'index' | 'link' | 'own' | 'never'

/** One object of the source as the ledger holds it: what becomes of it, and why. */
export interface PlannedObject {
  readonly id: number
  readonly position: number
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  readonly owner: string
  readonly catalogOid: number
  readonly oid: number
  readonly stage: Stage
  readonly sql: string
  /** Takes it back; empty where nothing does. */
  readonly dropSql: string
  readonly dependencies: readonly number[]
  readonly bytes: number
  readonly verdict: 'migrate' | 'transform' | 'skip'
  readonly reason: string | null
  readonly status: 'pending' | 'skipped' | 'blocked'
  /** The skipped object that it cannot be without. */
  readonly blockedBy: number | null
  /** Source oids of the relations whose rows must be there first; null: all rows of the database. */
  readonly rowsOf: readonly number[] | null
  /** The table a key is added to, as SQL; null for other kinds. */
  readonly worksOn: string | null
  /** The object in two steps, where that gains; else both null. */
  readonly buildSql: string | null
  readonly finishSql: string | null
  /** What the destination calls it. @default as the source does */
  readonly there?: { readonly schema: string | null; readonly name: string }
  /** It stands on the destination already, and is somebody's: it is never dropped, nor given other rights. @default false */
  readonly kept?: boolean
}

/** A table whose rows are copied; `oid` is the source's, `object` the planned object that creates it. */
export interface PlannedRelation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
  readonly types: readonly string[]
  readonly hasKey: boolean
  /** A partitioned table that travels through its root, with all its partitions. */
  readonly tree?: boolean
  readonly bytes: number
  readonly pages: number
  readonly object: number | null
  /** Which of its rows are migrated: an SQL condition. @default all */
  readonly where?: string
  /** The task's filter: the condition is the source's alone, the destination's table has no other rows. @default false */
  readonly filtered?: boolean
  /** Tables that the filter reads beside it. @default none */
  readonly reads?: readonly TableRead[]
  /** What is read in place of a column, as SQL, by the column's place; null for the column itself. @default every column as it is */
  readonly expressions?: readonly (string | null)[]
  /** Source oids of relations whose rows come first. @default none */
  readonly behind?: readonly number[]
  /** The key of a table that stands there and keeps its rows, in the destination’s names. @default rows come straight */
  readonly beside?: readonly BesideColumn[]
  /** Columns of the source that stay behind. @default none */
  readonly excluded?: readonly string[]
  /** What the destination calls it, and its columns in the same order. @default as the source does */
  readonly there?: { readonly schema: string; readonly name: string; readonly columns: readonly string[] }
}

/** Rows of one INSERT: some megabytes of text at most. */
const BATCH = 5_000

/** Writes the plan; call it in the flight of the transaction that marks the plan as complete. */
export function storePlan(
  destination: Session,
  run: string,
  objects: readonly PlannedObject[],
  relations: readonly PlannedRelation[],
): Promise<unknown>[] {
  return [
    ...inBatches(objects, BATCH).map((batch) => destination.rows(STORE_OBJECTS, [run, JSON.stringify(batch)])),
    ...inBatches(relations, BATCH).map((batch) => destination.rows(STORE_RELATIONS, [run, JSON.stringify(batch)])),
  ]
}
