import type { Session } from '../../core/postgres/connect.ts'
import { sqlFile } from '../../core/postgres/sql-file.ts'
import type { DueObject, DueStep } from './apply/flight.ts'
import { SMALL_BYTES } from './plan/key-steps.ts'
import type { Stage } from './plan/kinds.ts'
import type { PlannedObject, PlannedRelation } from './plan/planned.ts'

const STORE_OBJECTS = sqlFile(new URL('./sql/store-objects.sql', import.meta.url))
const STORE_RELATIONS = sqlFile(new URL('./sql/store-relations.sql', import.meta.url))
const RECORD_FAILURES = sqlFile(new URL('./sql/record-failures.sql', import.meta.url))
const ALIGN_CHUNKS = sqlFile(new URL('./sql/align-chunks.sql', import.meta.url))
const FREE_STEPS = sqlFile(new URL('./sql/free-steps.sql', import.meta.url))
const FREE_PARTS = sqlFile(new URL('./sql/free-parts.sql', import.meta.url))
const REOPEN_OBJECTS = sqlFile(new URL('./sql/reopen-objects.sql', import.meta.url))

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
    ...batches(objects).map((batch) => destination.rows(STORE_OBJECTS, [run, JSON.stringify(batch)])),
    ...batches(relations).map((batch) => destination.rows(STORE_RELATIONS, [run, JSON.stringify(batch)])),
  ]
}

function batches<Item>(items: readonly Item[]): (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, index) =>
    items.slice(index * BATCH, (index + 1) * BATCH),
  )
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

/** Whether what the account makes is born with other rights than PostgreSQL's own. Asked anew for every flight. */
const HAS_DEFAULTS = `(SELECT pg_catalog.count(*) > 0 FROM pg_catalog.pg_default_acl d
  WHERE d.defaclrole = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER))`

/** What a stage has still to make, in the order in which it can be made. */
export async function readDue(session: Session, run: string, stage: Stage, limit: number): Promise<DueObject[]> {
  return session.rows<DueObject>(
    `SELECT o.id, o.kind, o.schema, o.name, o.sql, o.verdict, o.bytes::float8 AS bytes, ${HAS_DEFAULTS} AS plain
       FROM sampan.object o
      WHERE o.run = $1 AND o.stage = $2 AND o.status = 'pending' ORDER BY o.position LIMIT $3`,
    [run, stage, limit],
  )
}

/** Steps that a lane may take up now, largest first. Two questions in one flight. */
export async function readFree(session: Session, run: string, limit: number): Promise<DueStep[]> {
  const [steps, parts] = await Promise.all([
    session.rows<DueStep>(FREE_STEPS, [run, limit, SMALL_BYTES]),
    session.rows<DueStep>(FREE_PARTS, [run, limit]),
  ])
  return [...steps, ...parts].sort((a, b) => b.bytes - a.bytes)
}

/** How far what comes after the rows is, and whether there is more to wait for. */
export interface Standing {
  /** Objects of the stage that are not made yet, those under way included. */
  readonly pending: number
  /** All rows are there. */
  readonly copied: boolean
  /** The round of the copy is over without that, or another execution has taken over the run. */
  readonly ended: boolean
  /** Since the run began. */
  readonly seconds: number
}

export async function readStanding(session: Session, run: string, execution: string): Promise<Standing> {
  const [row] = await session.rows<Standing>(
    `SELECT (SELECT count(*)::integer FROM sampan.object o
              WHERE o.run = r.id AND o.stage = 'index' AND o.status = 'pending') AS pending,
            r.copied_at IS NOT NULL AS copied,
            r.execution <> $2 OR r.copied_at IS NULL AND r.copy_ended_at IS NOT NULL AS ended,
            EXTRACT(epoch FROM pg_catalog.clock_timestamp() - r.started_at)::float8 AS seconds
       FROM sampan.run r WHERE r.id = $1`,
    [run, execution],
  )
  return row ?? { pending: 0, copied: false, ended: true, seconds: 0 }
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
