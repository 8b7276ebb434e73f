import type { Session } from '../postgres/connect.ts'
import { sqlFile } from '../postgres/sql-file.ts'
import type { DueObject } from './apply/flight.ts'
import type { Stage } from './plan/kinds.ts'
import type { PlannedObject, PlannedRelation } from './plan/planned.ts'

const STORE_OBJECTS = sqlFile(new URL('./sql/store-objects.sql', import.meta.url))
const STORE_RELATIONS = sqlFile(new URL('./sql/store-relations.sql', import.meta.url))
const RECORD_FAILURES = sqlFile(new URL('./sql/record-failures.sql', import.meta.url))
const ALIGN_CHUNKS = sqlFile(new URL('./sql/align-chunks.sql', import.meta.url))
const REOPEN_OBJECTS = sqlFile(new URL('./sql/reopen-objects.sql', import.meta.url))

/** Rows of one INSERT: some megabytes of text at most. */
const BATCH = 5_000

/** Writes the plan; call it in the transaction that marks the plan as complete. */
export async function storePlan(
  destination: Session,
  run: string,
  objects: readonly PlannedObject[],
  relations: readonly PlannedRelation[],
): Promise<void> {
  for (let at = 0; at < objects.length; at += BATCH) {
    await destination.rows(STORE_OBJECTS, [run, JSON.stringify(objects.slice(at, at + BATCH))])
  }
  for (let at = 0; at < relations.length; at += BATCH) {
    await destination.rows(STORE_RELATIONS, [run, JSON.stringify(relations.slice(at, at + BATCH))])
  }
}

export interface ObjectFailure {
  readonly id: number
  readonly code: string
  readonly message: string
}

export async function storeFailures(session: Session, run: string, failures: readonly ObjectFailure[]): Promise<void> {
  await session.rows(RECORD_FAILURES, [run, JSON.stringify(failures)])
}

/** What failed in an earlier start of the run is tried again. */
export async function reopenObjects(session: Session, run: string): Promise<void> {
  await session.rows(REOPEN_OBJECTS, [run])
}

/** The plan of the copy follows what became of the tables. */
export async function alignChunks(session: Session, run: string): Promise<void> {
  await session.rows(ALIGN_CHUNKS, [run])
}

const DUE = `o.id, o.kind, o.schema, o.name, o.sql, o.verdict, o.bytes::float8 AS bytes`

/** What a stage has still to make, in the order in which it can be made. */
export async function readDue(session: Session, run: string, stage: Stage, limit: number): Promise<DueObject[]> {
  return session.rows<DueObject>(
    `SELECT ${DUE} FROM sampan.object o
      WHERE o.run = $1 AND o.stage = $2 AND o.status = 'pending' ORDER BY o.position LIMIT $3`,
    [run, stage, limit],
  )
}

/**
 * What a lane may take up now: nothing it needs is still to be made, and no other lane is at work on it. Largest first.
 * The row locks last for this statement only; the claim proper is made with the object.
 */
export async function readFree(session: Session, run: string, stage: Stage, limit: number): Promise<DueObject[]> {
  return session.rows<DueObject>(
    `SELECT ${DUE} FROM sampan.object o
      WHERE o.run = $1 AND o.stage = $2 AND o.status = 'pending'
        AND NOT EXISTS (SELECT 1 FROM sampan.object needed
                         WHERE needed.run = o.run AND needed.id = ANY (o.dependencies) AND needed.status = 'pending')
      ORDER BY o.bytes DESC, o.position LIMIT $3 FOR UPDATE OF o SKIP LOCKED`,
    [run, stage, limit],
  )
}

export async function countPending(session: Session, run: string, stage: Stage): Promise<number> {
  const [row] = await session.rows<{ count: number }>(
    `SELECT count(*)::integer AS count FROM sampan.object WHERE run = $1 AND stage = $2 AND status = 'pending'`,
    [run, stage],
  )
  return row?.count ?? 0
}

export interface UnmadeObject {
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  readonly status: 'failed' | 'blocked'
  readonly message: string | null
}

/** What could not be made up to now, failures before what they block. */
export async function readUnmade(session: Session, run: string): Promise<UnmadeObject[]> {
  return session.rows<UnmadeObject>(
    `SELECT kind, schema, name, status, error_message AS message FROM sampan.object
      WHERE run = $1 AND status IN ('failed', 'blocked') ORDER BY status DESC, position`,
    [run],
  )
}
