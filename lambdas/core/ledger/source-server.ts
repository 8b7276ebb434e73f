import type { Session } from '../postgres/connect.ts'
import { readServerIdentity, type ServerIdentity } from '../postgres/server-identity.ts'
import { SampanError } from '../runtime/errors.ts'
import type { StepEvent } from '../runtime/event.ts'
import { writeEvents } from './events.ts'

/** Under which the precheck tells of it, and the task acknowledges it. */
export const ANOTHER_SERVER = 'SRC_ANOTHER_SERVER'

/** What the ledger knows of the source's server. */
interface Known {
  /** Null where the run began before it was kept. */
  readonly server: Pick<ServerIdentity, 'system' | 'database'> | null
  /** Where the WAL stood when the newest view was taken. */
  readonly position: string | null
  readonly copied: boolean
  /** The source's WAL stands before that. */
  readonly behind: boolean
}

/**
 * As `requireSameSource`, and writes nothing: for whoever has not taken the run up yet.
 * @throws SampanError SRC_ANOTHER_SERVER where the task has not acknowledged it
 */
export async function lookForSameSource(
  source: Session,
  destination: Session,
  { run, task }: Pick<StepEvent, 'run' | 'task'>,
): Promise<void> {
  if (task.precheck.acknowledge.includes(ANOTHER_SERVER)) return
  const unlike = await findUnlike(source, destination, run.id)
  if (unlike !== null) throw new SampanError({ code: ANOTHER_SERVER, message: unlike.cause, remedy: unlike.remedy })
}

/**
 * Keeps which server the source is when the run begins, and compares it wherever a step reads the source by other means than the
 * view, which is bound to its server by itself. A name may lead to another server meanwhile: a restored snapshot, the other one of a blue/green pair.
 * @throws SampanError SRC_ANOTHER_SERVER where the task has not acknowledged it
 */
export async function requireSameSource(
  source: Session,
  destination: Session,
  { run, task }: Pick<StepEvent, 'run' | 'task'>,
): Promise<void> {
  const seen = await readServerIdentity(source)
  const known = await readKnown(destination, run.id, seen)
  const unlike = describeUnlike(known, seen)
  if (unlike !== null && !task.precheck.acknowledge.includes(ANOTHER_SERVER)) {
    throw new SampanError({ code: ANOTHER_SERVER, message: unlike, remedy: remedyFor(known.copied) })
  }
  const { server } = known
  // What the account is not shown today is as it was.
  const now = { system: seen.system ?? server?.system ?? null, database: seen.database }
  if (server?.system !== now.system || server.database !== now.database) await keepServer(destination, run.id, now)
  if (unlike === null) return
  await writeEvents(destination, run.id, [
    { level: 'warning', step: 'PlanObjects', code: ANOTHER_SERVER, message: `${unlike}; the task acknowledges it` },
  ])
}

/** Why the source is not what the run began with, and what to do; null where it is, or nobody knows. */
export async function findUnlike(
  source: Session,
  destination: Session,
  run: string,
): Promise<{ readonly cause: string; readonly remedy: string } | null> {
  const seen = await readServerIdentity(source)
  const known = await readKnown(destination, run, seen)
  const cause = describeUnlike(known, seen)
  return cause === null ? null : { cause, remedy: remedyFor(known.copied) }
}

/**
 * Another timeline is no other server: a promoted standby goes on with the same data, and what it lacks shows by its position. Before
 * all rows are copied that is no matter: every chunk is proved in the newer view.
 */
function describeUnlike({ server, position, copied, behind }: Known, seen: ServerIdentity): string | null {
  const { system, database } = server ?? seen
  if (system !== null && seen.system !== null && system !== seen.system)
    return `the source is another server than the one this run began with: its system identifier is ${seen.system}, it was ${system}`
  if (database !== seen.database)
    return `the source is another database than the one this run began with: its object id is ${seen.database}, it was ${database}`
  if (copied && behind)
    return `the source is an older state of what this run has copied: its WAL stands at ${seen.position}, and stood at ${position} then`
  return null
}

function remedyFor(copied: boolean): string {
  const lead = 'have the name of the source lead to the server of before again, and start the task again'
  return copied
    ? `${lead}; all rows are copied and not looked at again: where the data is the same, add "${ANOTHER_SERVER}" to precheck.acknowledge, else give the task another name and an empty destination`
    : `${lead}; or, where this is the source from now on, add "${ANOTHER_SERVER}" to precheck.acknowledge: every row that was copied is compared with it, and copied anew where it differs`
}

async function readKnown(destination: Session, run: string, { position }: ServerIdentity): Promise<Known> {
  const [row] = await destination.rows<Known>(
    `SELECT r.source -> 'server' AS server, s.position, r.copied_at IS NOT NULL AS copied,
            COALESCE($2::pg_catalog.pg_lsn < s.position::pg_catalog.pg_lsn, false) AS behind
       FROM sampan.run r
       LEFT JOIN LATERAL (SELECT s.position FROM sampan.snapshot s
                           WHERE s.run = r.id AND s.position IS NOT NULL ORDER BY s.generation DESC LIMIT 1) s ON true
      WHERE r.id = $1`,
    [run, position],
  )
  return row ?? { server: null, position: null, copied: false, behind: false }
}

async function keepServer(destination: Session, run: string, server: NonNullable<Known['server']>): Promise<void> {
  await destination.rows(
    `UPDATE sampan.run SET source = source || pg_catalog.jsonb_build_object('server', $2::jsonb) WHERE id = $1`,
    [run, JSON.stringify(server)],
  )
}
