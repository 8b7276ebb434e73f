import { createHash } from 'node:crypto'
import type { Session } from '../postgres/connect.ts'
import { DAMAGED_REMEDY } from '../postgres/errors.ts'
import { OWN_PATH, type SearchPath } from '../postgres/search-path.ts'
import { SampanError } from '../runtime/errors.ts'
import type { DatabaseIdentity, Endpoints, RunIdentity } from '../runtime/event.ts'
import type { Task } from '../task/task.ts'

/** What the source was when the run was opened; compared when it is continued. */
export interface SourceIdentity {
  readonly serverVersion: number
  readonly encoding: string
  readonly database: string
  /**
   * Where its sessions find what is named without a schema, read at every start: see postgres/search-path.ts.
   * @default OWN_PATH
   */
  readonly searchPath?: SearchPath
  /**
   * The same in the names that schemas have on the destination.
   * @default searchPath
   */
  readonly destinationSearchPath?: SearchPath
}

export interface RunRow {
  readonly state: 'open' | 'sealed'
  /** The start that works for it, or has sealed it. */
  readonly execution: string
  /** The starts before that one, the latest last. */
  readonly former: readonly string[]
  /** What that start is for: `plan`, `migrate` or `follow`; `null` where a Sampan of before has opened it. */
  readonly mode: string | null
  readonly source: SourceIdentity
  readonly objectsPlannedAt: string | null
  readonly copyPlannedAt: string | null
  /** Every chunk has its receipt in one view. */
  readonly copiedAt: string | null
  readonly validationPlannedAt: string | null
  readonly startedAt: string
  readonly sealedAt: string | null
  /** Which rows of the ledger somebody has deleted; `null`: none. */
  readonly damage: string | null
}

/** A run as one start has opened it. */
export interface OpenedRun extends RunRow {
  /** The start that it was taken over from just now, whether that is still at work or ended long ago. */
  readonly tookOver: string | null
}

/**
 * Digest of what decides the content of the destination: the source, the selection and the renames. Lanes, limits and
 * retry windows may change between two starts of the same run; these may not.
 */
export function taskFingerprint(task: Task, endpoints: Endpoints, database: DatabaseIdentity): string {
  const selection = task.databases.find((candidate) => candidate.as === database.as)
  const { conflicts, roles, follow } = task
  // Where the source is followed, other things come behind the rows; how it is followed may change.
  const following = follow === undefined ? {} : { following: true }
  const content = { source: endpoints.source, database, selection, conflicts, roles, ...following }
  return createHash('sha256').update(canonicalJson(content)).digest('hex')
}

/** JSON with sorted keys: whoever carried the task may have put them into another order. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

/**
 * Opens the run in this database's ledger, or takes up the one of the same name and task: from now on no other start of it writes.
 * One that is sealed is complete: the caller has nothing left to do. A start that another one has taken over from takes nothing back:
 * the row is the other one's then. A plan takes over from plans alone: the row of a run that has begun to migrate is left as it is
 * (`looksOn`). As long as nothing is planned the task may be another one.
 * @param mode what the start is for
 * @throws SampanError RUN_SEALED where a completed run of this name was another task; RUN_TASK_CHANGED where an open one was; LEDGER_DAMAGED
 */
export async function openRun(
  destination: Session,
  run: RunIdentity,
  fingerprint: string,
  source: SourceIdentity,
  mode: Task['mode'] = 'migrate',
): Promise<OpenedRun> {
  const [[before], , [stored], row] = await Promise.all([
    destination.rows<{ execution: string }>(`SELECT execution FROM sampan.run WHERE id = $1`, [run.id]),
    destination.rows(
      `INSERT INTO sampan.run (id, fingerprint, source, execution, mode) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (id) DO UPDATE
          SET execution = EXCLUDED.execution, source = run.source || EXCLUDED.source, fingerprint = EXCLUDED.fingerprint,
              mode = EXCLUDED.mode,
              former = CASE WHEN run.execution = EXCLUDED.execution THEN run.former
                            ELSE pg_catalog.array_append(run.former, run.execution) END
        WHERE run.state = 'open' AND (run.fingerprint = EXCLUDED.fingerprint OR run.objects_planned_at IS NULL)
          AND EXCLUDED.execution <> ALL (run.former) AND (EXCLUDED.mode <> 'plan' OR run.mode = 'plan')`,
      [run.id, fingerprint, JSON.stringify(source), run.execution, mode],
    ),
    destination.rows<{ fingerprint: string }>(`SELECT fingerprint FROM sampan.run WHERE id = $1`, [run.id]),
    readRun(destination, run.id),
  ])
  if (stored?.fingerprint !== fingerprint) {
    if (row.state === 'sealed') throw sealed(run.id, row.sealedAt)
    throw new SampanError({
      code: 'RUN_TASK_CHANGED',
      message: `an open run is named "${run.id}", but its source, databases or selection were different`,
      remedy: 'start the task as it was, or give the changed one another name and an empty destination',
    })
  }
  requireWhole(row)
  const taken = before !== undefined && row.execution === run.execution && before.execution !== run.execution
  return { ...row, tookOver: taken ? before.execution : null }
}

/** @throws SampanError RUN_UNKNOWN where the ledger has no such run */
export async function readRun(destination: Session, id: string): Promise<RunRow> {
  const [row] = await destination.rows<RunRow>(
    // A status may look at the ledger of a Sampan before damage or the mode was noted.
    `SELECT state, execution, former, source, objects_planned_at AS "objectsPlannedAt", copy_planned_at AS "copyPlannedAt", copied_at AS "copiedAt",
            validation_planned_at AS "validationPlannedAt", started_at AS "startedAt", sealed_at AS "sealedAt",
            pg_catalog.to_jsonb(r) ->> 'damage' AS damage,
            pg_catalog.to_jsonb(r) ->> 'mode' AS mode
       FROM sampan.run r WHERE r.id = $1`,
    [id],
  )
  if (row === undefined) {
    throw new SampanError({
      code: 'RUN_UNKNOWN',
      message: `the ledger of the destination knows no run "${id}"`,
      remedy: `start the task from its beginning; where it has begun already, its row was deleted: ${DAMAGED_REMEDY}`,
    })
  }
  return row
}

/** @throws SampanError LEDGER_DAMAGED where somebody has deleted rows of an open run */
export function requireWhole({ state, damage }: Pick<RunRow, 'state' | 'damage'>): void {
  if (state === 'sealed' || damage === null) return
  throw new SampanError({
    code: 'LEDGER_DAMAGED',
    message: `somebody has deleted rows of the ledger: ${damage}`,
    remedy: DAMAGED_REMEDY,
  })
}

/** Where the destination finds what is named without a schema. */
export function destinationPath({ searchPath, destinationSearchPath }: SourceIdentity): SearchPath {
  return destinationSearchPath ?? searchPath ?? OWN_PATH
}

/** Keeps where the destination finds what is named without a schema. Call it in the flight that stores the plan. */
export async function storeDestinationPath(destination: Session, id: string, path: SearchPath): Promise<void> {
  await destination.rows(
    `UPDATE sampan.run SET source = source || pg_catalog.jsonb_build_object('destinationSearchPath', $2::text) WHERE id = $1`,
    [id, path],
  )
}

/** Which step's plan is complete; written in the transaction that wrote the plan. */
export type PlanMark = 'objects_planned_at' | 'copy_planned_at' | 'validation_planned_at'

/** Marks a plan as complete. Call it inside the transaction that wrote it. */
export async function markPlanned(destination: Session, id: string, mark: PlanMark): Promise<void> {
  await destination.rows(`UPDATE sampan.run SET ${mark} = pg_catalog.clock_timestamp() WHERE id = $1`, [id])
}

/** Waits for every writer under way and keeps new ones out until the transaction ends. */
export async function lockRun(destination: Session, id: string): Promise<void> {
  await destination.rows(`SELECT 1 FROM sampan.run WHERE id = $1 FOR UPDATE`, [id])
}

/** Closes the run for good: every later writer is refused by the fence. Waits for the transactions that are under way. */
export async function sealRun(destination: Session, id: string): Promise<void> {
  await destination.rows(
    // The lock first: the UPDATE alone would not wait for writers (sampan.require_open).
    `UPDATE sampan.run SET state = 'sealed', sealed_at = pg_catalog.clock_timestamp()
      WHERE id = (SELECT id FROM sampan.run WHERE id = $1 AND state = 'open' FOR UPDATE)`,
    [id],
  )
}

function sealed(id: string, at: string | null): SampanError {
  return new SampanError({
    code: 'RUN_SEALED',
    message: `another task named "${id}" was completed at ${at}: its destination is sealed and not written to again`,
    remedy: 'for a new migration give the task another name and an empty destination',
  })
}
