import type { Session } from '../postgres/connect.ts'
import { TAKEN_OVER_REMEDY } from '../postgres/errors.ts'
import { applicationName } from '../postgres/sessions.ts'
import { SampanError } from '../runtime/errors.ts'
import type { RunIdentity } from '../runtime/event.ts'
import type { RunEvent } from './events.ts'
import { type OpenedRun, type RunRow, readRun, requireWhole } from './run.ts'

/**
 * A run belongs to the start that opened it last. What another one writes besides is held back by the fence; this says so where a step
 * begins, before it has asked the source for anything.
 * @throws SampanError RUN_TAKEN_OVER; RUN_SEALED where the other start has completed it; RUN_UNKNOWN; LEDGER_DAMAGED
 */
export async function requireOwnStart(destination: Session, run: RunIdentity): Promise<RunRow> {
  const row = await readRun(destination, run.id)
  if (row.execution !== run.execution && row.state === 'open') {
    throw takenOver(run.id, row.execution, await readAtWork(destination, run.id))
  }
  requireOwn(row, run)
  requireWhole(row)
  return row
}

/** @throws SampanError RUN_TAKEN_OVER; RUN_SEALED where the other start has completed it */
function requireOwn(
  { state, execution, sealedAt }: Pick<RunRow, 'state' | 'execution' | 'sealedAt'>,
  { id, execution: own }: RunIdentity,
): void {
  if (execution === own) return
  if (state === 'open') throw takenOver(id, execution)
  throw new SampanError({
    code: 'RUN_SEALED',
    message: `another start of the run "${id}", ${execution}, has completed it at ${sealedAt}: nothing more is written to this destination`,
    remedy: `there is nothing left to do: its report is that of ${execution}`,
  })
}

/** Two starts of one run would end each other's rounds, and take the view from each other, for ever. */
function takenOver(run: string, execution: string, atWork: readonly SessionAtWork[] = []): SampanError {
  const latest = atWork[0]
  // Sessions carry the run, not which start of it: some may be of this one, that has not ended yet.
  const where =
    latest === undefined
      ? ''
      : `; ${atWork.length === 1 ? 'one session works' : `${atWork.length} sessions work`} for the run there, the latest since ${latest.since}: process ${latest.pid} (${latest.name}${latest.address === null ? '' : ` from ${latest.address}`})`
  return new SampanError({
    code: 'RUN_TAKEN_OVER',
    message: `another start of the run "${run}" has taken it over: ${execution}${where}`,
    remedy: TAKEN_OVER_REMEDY,
  })
}

/** What looks on and does nothing for the run; and this step's own. */
export const ONLOOKERS = /^(precheck|progress|report|limits|compare|status|cutover)/

/**
 * What a start is told that has taken the run over from one which is still at it: for a short while both are at work.
 * @returns null where nobody else works for it
 */
export async function readJoining(
  destination: Session,
  run: string,
  { execution, tookOver }: OpenedRun,
): Promise<RunEvent | null> {
  if (tookOver === null) return null
  const atWork = await countAtWork(destination, run)
  if (atWork === 0) return null
  return {
    level: 'warning',
    step: 'PlanObjects',
    code: 'RUN_JOINED',
    // Read on the screens of both.
    message: `two starts of this run are at work: ${execution} has taken it over from ${tookOver}, which has ${atWork === 1 ? 'a session' : `${atWork} sessions`} on this destination, goes on from what that one has done, and that one ends`,
  }
}

interface SessionAtWork {
  readonly pid: number
  readonly name: string
  /** `null`: by a socket, or not shown to this account. */
  readonly address: string | null
  readonly since: string
}

/** How many sessions on the destination's database work for the run, beside the one that asks. */
export async function countAtWork(destination: Session, run: string): Promise<number> {
  return (await readAtWork(destination, run)).length
}

/** What Follow calls the session that hears of a cutover. */
export const FOLLOW_CONTROL = 'follow-control'

/** Whether a call of Follow is at work for the run in this database. Between two calls nobody is, for a moment. */
export async function isFollowed(destination: Session, run: string): Promise<boolean> {
  const own = applicationName(run, FOLLOW_CONTROL)
  return (await readAtWork(destination, run)).some(({ name }) => name === own)
}

/** The sessions themselves, the latest first. */
async function readAtWork(destination: Session, run: string): Promise<readonly SessionAtWork[]> {
  const prefix = applicationName(run, '')
  const sessions = await destination.rows<SessionAtWork>(
    `SELECT pid, application_name AS name, pg_catalog.host(client_addr) AS address, backend_start::text AS since
       FROM pg_catalog.pg_stat_activity
      WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
        AND pg_catalog.left(application_name, pg_catalog.length($1)) = $1 ORDER BY backend_start DESC`,
    [prefix],
  )
  return sessions.filter(({ name }) => !ONLOOKERS.test(name.slice(prefix.length)))
}
