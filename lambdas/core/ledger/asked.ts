import type { Session } from '../postgres/connect.ts'
import type { RunIdentity } from '../runtime/event.ts'
import { changeLimits, type Limits, pauseRun } from './limits.ts'
import { readPresence } from './presence.ts'

/** What was asked of a start of a run while it goes on; what is not there was not asked for. */
export type Asked = Partial<Limits> & { readonly paused?: boolean }

/** The first migration that has room for it. */
const SINCE = 32

/**
 * Keeps for databases that begin later what is asked of a start. A database that has not planned its copy has nowhere to keep it, and may
 * not even be there, so it stands in the ledger of the task's first one.
 * @returns false where that one does not know the run, or is of a Sampan before
 */
export async function keepAsked(first: Session, { id, execution }: RunIdentity, asked: Asked): Promise<boolean> {
  if (((await readPresence(first, id)).version ?? 0) < SINCE) return false
  const kept = await first.rows(
    `UPDATE sampan.run SET asked = CASE WHEN asked ->> 'execution' = $2 THEN asked ELSE pg_catalog.jsonb_build_object('execution', $2::text) END || $3::jsonb
      WHERE id = $1 RETURNING 1`,
    [id, execution, JSON.stringify(asked)],
  )
  return kept.length > 0
}

/** What was asked of this start so far. */
export async function readAsked(first: Session, { id, execution }: RunIdentity): Promise<Asked> {
  if (((await readPresence(first, id)).version ?? 0) < SINCE) return {}
  const [row] = await first.rows<{ asked: Asked }>(
    `SELECT asked - 'execution' AS asked FROM sampan.run WHERE id = $1 AND asked ->> 'execution' = $2`,
    [id, execution],
  )
  return row?.asked ?? {}
}

/** Has the lanes of this database hear it at their next look. @returns what holds then */
export async function applyAsked(destination: Session, run: string, { paused, ...limits }: Asked) {
  if (paused !== undefined) await pauseRun(destination, run, paused)
  return changeLimits(destination, run, limits)
}
