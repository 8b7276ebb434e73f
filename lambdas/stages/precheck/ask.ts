import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '../../core/postgres/connect.ts'
import { isCancelled } from '../../core/postgres/errors.ts'
import { type SampanError, toSampanError } from '../../core/runtime/errors.ts'
import type { Check, Finding } from './check.ts'
import type { Need } from './check-description.ts'
import { CannotRun, type CheckContext } from './context.ts'
import type { Outcome } from './score.ts'

/** Asked beforehand, so that no check fails halfway through its queries. @throws CannotRun */
export function requireSessions({ needs }: Check, context: CheckContext): void {
  for (const need of needs) requireSession(context, need)
}

function requireSession(context: CheckContext, need: Need): Session {
  switch (need) {
    case 'source':
      return context.source
    case 'destination':
      return context.destinationServer
    case 'destinationDatabase':
      return context.destination
  }
}

/**
 * Asks one check.
 * @param milliseconds the longest that it is waited for
 * @returns `null` where the question does not arise
 */
export async function ask(
  check: Check,
  context: CheckContext,
  database: string | null,
  milliseconds = LONGEST_CHECK_MILLISECONDS,
): Promise<Outcome | null> {
  // Nothing is made there, so the question does not arise.
  if (check.ofObjects && check.scope === 'database' && context.database.schema === 'existing') return null
  try {
    requireSessions(check, context)
    const found = await findings(check, context, milliseconds)
    const most = mostDetails(database === null ? 1 : context.event.task.databases.length)
    return { check, database, kind: 'found', findings: found.map((finding) => readable(finding, most)) }
  } catch (thrown) {
    if (thrown instanceof CannotRun) {
      return thrown.why === 'irrelevant'
        ? null
        : { check, database, kind: 'not-run', why: thrown.why, cause: thrown.message }
    }
    const error = toSampanError(thrown)
    // The server is there and answers: what it has not got is told by the checks of connections, not waited for.
    if (isCrowdedError(error)) return { check, database, kind: 'not-run', why: 'crowded', cause: causeOf(error) }
    // A lost connection says nothing about the check: the whole step comes again.
    if (error.kind === 'connection' || error.code === 'STOPPED') throw error
    return { check, database, kind: 'not-run', why: 'failed', cause: causeOf(error) }
  }
}

/** Whether a server has no connection left. */
export function isCrowdedError(error: SampanError): boolean {
  return error.code === 'SRC_TOO_MANY_CONNECTIONS' || error.code === 'DST_TOO_MANY_CONNECTIONS'
}

/** A check that takes longer says nothing: the precheck has an answer while somebody still waits for it. */
const LONGEST_CHECK_MILLISECONDS = 30_000

/** @throws CannotRun where the check takes too long; what it has asked ends by the session's own time-out */
async function findings(check: Check, context: CheckContext, milliseconds: number): Promise<readonly Finding[]> {
  const over = new AbortController()
  const late = sleep(milliseconds, null, { signal: over.signal }).catch(() => null)
  const asked = twice(() => check.run(context))
  asked.catch(() => {})
  try {
    const found = await Promise.race([asked, late])
    if (found !== null) return found
    throw new CannotRun('failed', `it had no answer after ${milliseconds / 1000} seconds`)
  } finally {
    over.abort()
  }
}

/** As many lines of details as a person reads, of one database and of all databases together. */
const MOST_DETAILS = 100
const MOST_DETAILS_OF_ALL = 10_000
const LEAST_DETAILS = 3

/** The document of all databases is made in one call: of 2,000 of them each had room for its hundred lines, and the call had not. Pure. */
function mostDetails(databases: number): number {
  return Math.max(LEAST_DETAILS, Math.min(MOST_DETAILS, Math.floor(MOST_DETAILS_OF_ALL / databases)))
}

function readable(finding: Finding, most: number): Finding {
  const { details = [] } = finding
  if (details.length <= most) return finding
  return { ...finding, details: [...details.slice(0, most), `… and ${details.length - most} more`] }
}

/** Asks once more where somebody cancelled a statement, or the session's own time-out did on a server that was busy. */
export async function twice<Answer>(run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run()
  } catch (thrown) {
    if (!isCancelled(thrown)) throw thrown
    return run()
  }
}

function causeOf(error: SampanError): string {
  return `${error.code}: ${error.message}`
}
