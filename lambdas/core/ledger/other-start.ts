import type { Session } from '../postgres/connect.ts'
import { TAKEN_OVER_REMEDY } from '../postgres/errors.ts'
import { applicationName } from '../postgres/sessions.ts'
import { SampanError } from '../runtime/errors.ts'
import type { RunIdentity } from '../runtime/event.ts'
import type { RunEvent } from './events.ts'
import { type OpenedRun, type RunRow, readRun } from './run.ts'

/**
 * A run belongs to the start that opened it last. What another one writes besides is held back by the fence; this says so where a step
 * begins, before it has asked the source for anything.
 * @throws SampanError RUN_TAKEN_OVER; RUN_SEALED where the other start has completed it; RUN_UNKNOWN
 */
export async function requireOwnStart(destination: Session, run: RunIdentity): Promise<RunRow> {
  const row = await readRun(destination, run.id)
  requireOwn(row, run)
  return row
}

/** @throws SampanError RUN_TAKEN_OVER; RUN_SEALED where the other start has completed it */
export function requireOwn(
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
function takenOver(run: string, execution: string): SampanError {
  return new SampanError({
    code: 'RUN_TAKEN_OVER',
    message: `another start of the run "${run}" has taken it over: ${execution}`,
    remedy: TAKEN_OVER_REMEDY,
  })
}

/** What looks on and does nothing for the run; and this step's own. */
export const ONLOOKERS = /^(precheck|progress|report|limits|compare|status)/

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

/** How many sessions on the destination's database work for the run, beside the one that asks. */
export async function countAtWork(destination: Session, run: string): Promise<number> {
  const sessions = await destination.rows<{ purpose: string }>(
    `SELECT pg_catalog.substr(application_name, pg_catalog.length($1) + 1) AS purpose FROM pg_catalog.pg_stat_activity
      WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
        AND pg_catalog.left(application_name, pg_catalog.length($1)) = $1`,
    [applicationName(run, '')],
  )
  return sessions.filter(({ purpose }) => !ONLOOKERS.test(purpose)).length
}
