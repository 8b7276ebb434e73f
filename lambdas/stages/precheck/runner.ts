import { setTimeout as sleep } from 'node:timers/promises'
import type { Instances } from '../../core/cloud/instances.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { isCancelled, type Side } from '../../core/postgres/errors.ts'
import { type SampanError, toSampanError } from '../../core/runtime/errors.ts'
import type { TaskDatabase } from '../../core/task/databases.ts'
import type { Check, Finding } from './check.ts'
import type { Need } from './check-description.ts'
import { CannotRun, type CheckContext, createContext } from './context.ts'
import type { Outcome } from './score.ts'
import {
  type Connection,
  closeAll,
  connectAll,
  type DatabaseConnections,
  type Opening,
  openSession,
} from './sessions.ts'

/**
 * Runs the checks for every database of the task, side by side: one pipelined session per side and database carries all
 * their queries.
 * @throws SampanError where a connection that stood is lost: the step is tried again
 */
export async function runChecks(
  opening: Opening,
  checks: readonly Check[],
  instances: Instances | null,
): Promise<readonly Outcome[]> {
  const { databases } = opening.event.task
  const connections = await connectAll(opening, databases)
  const sessions = connections.flatMap(({ source, destination }) => [...sessionOf(source), ...sessionOf(destination)])
  try {
    const everyDatabase: CheckContext[] = []
    const contextOf = (database: TaskDatabase, own: DatabaseConnections) =>
      createContext({
        event: opening.event,
        environment: opening.environment,
        database,
        connections: own,
        instances,
        everyDatabase,
        checks,
        async openAnother(side) {
          const session = await openSession(opening, side, nameOn(side, database))
          sessions.push(session)
          return session
        },
      })
    for (const [index, database] of databases.entries()) {
      const own = connections[index]
      if (own !== undefined) everyDatabase.push(contextOf(database, own))
    }
    const server = serverContext(databases, connections, contextOf)
    const outcomes = checks.flatMap((check) =>
      check.scope === 'database'
        ? everyDatabase.map((context) => ask(check, context, context.database.name, opening))
        : server === null
          ? []
          : [ask(check, server, null, opening)],
    )
    return (await Promise.all(outcomes)).filter((outcome) => outcome !== null)
  } finally {
    await closeAll(sessions)
  }
}

/** Asked beforehand, so that no check fails halfway through its queries. @throws CannotRun */
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

/** @returns `null` where the question does not arise */
async function ask(
  check: Check,
  context: CheckContext,
  database: string | null,
  { checkMilliseconds = LONGEST_CHECK_MILLISECONDS }: Opening,
): Promise<Outcome | null> {
  try {
    for (const need of check.needs) requireSession(context, need)
    return { check, database, kind: 'found', findings: await findings(check, context, checkMilliseconds) }
  } catch (thrown) {
    if (thrown instanceof CannotRun) {
      return thrown.why === 'irrelevant'
        ? null
        : { check, database, kind: 'not-run', why: thrown.why, cause: thrown.message }
    }
    const error = toSampanError(thrown)
    // The server is there and answers: what it has not got is told by the checks of connections, not waited for.
    if (/^(SRC|DST)_TOO_MANY_CONNECTIONS$/.test(error.code))
      return { check, database, kind: 'not-run', why: 'prerequisite', cause: causeOf(error) }
    // A lost connection says nothing about the check: the whole step comes again.
    if (error.kind === 'connection' || error.code === 'STOPPED') throw error
    return { check, database, kind: 'not-run', why: 'failed', cause: causeOf(error) }
  }
}

/** A check that takes longer says nothing: the precheck has an answer while somebody still waits for it. */
const LONGEST_CHECK_MILLISECONDS = 30_000

/** @throws CannotRun where the check takes too long; what it has asked ends by the session's own time-out */
async function findings(check: Check, context: CheckContext, milliseconds: number): Promise<readonly Finding[]> {
  const over = new AbortController()
  const late = sleep(milliseconds, null, { signal: over.signal }).catch(() => null)
  const asked = askTwice(check, context)
  asked.catch(() => {})
  try {
    const found = await Promise.race([asked, late])
    if (found !== null) return found
    throw new CannotRun('failed', `it had no answer after ${milliseconds / 1000} seconds`)
  } finally {
    over.abort()
  }
}

/** Asks once more where somebody cancelled a statement, or the session's own time-out did on a server that was busy. */
async function askTwice(check: Check, context: CheckContext): Promise<readonly Finding[]> {
  try {
    return await check.run(context)
  } catch (thrown) {
    if (!isCancelled(thrown)) throw thrown
    return check.run(context)
  }
}

/** Checks of a server are asked where one was reached: source and destination may be of different databases. */
function serverContext(
  databases: readonly TaskDatabase[],
  connections: readonly DatabaseConnections[],
  contextOf: (database: TaskDatabase, own: DatabaseConnections) => CheckContext,
): CheckContext | null {
  const reached = connections.findIndex(({ source }) => source.kind === 'open')
  const database = databases[Math.max(0, reached)]
  const source = connections[Math.max(0, reached)]?.source
  const destinations = connections.map((one) => one.destination)
  const destination =
    destinations.find((one) => one.kind === 'open' && !one.missing) ??
    destinations.find((one) => one.kind === 'open') ??
    destinations[0]
  if (database === undefined || source === undefined || destination === undefined) return null
  return contextOf(database, { source, destination })
}

function sessionOf(connection: Connection): readonly Session[] {
  return connection.kind === 'open' ? [connection.session] : []
}

function nameOn(side: Side, database: TaskDatabase): string {
  return side === 'source' ? database.name : database.as
}

function causeOf(error: SampanError): string {
  return `${error.code}: ${error.message}`
}
