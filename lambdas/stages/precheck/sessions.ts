import { backoff, type Patience, pause } from '../../core/cloud/pause.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { ConnectError } from '../../core/postgres/connect-errors.ts'
import { DatabaseError, type Side } from '../../core/postgres/errors.ts'
import { isRdsProxy, observePooling } from '../../core/postgres/pooling.ts'
import { pooledError } from '../../core/postgres/same-backend.ts'
import { openDestination, openSource } from '../../core/postgres/sessions.ts'
import type { Environment } from '../../core/runtime/environment.ts'
import { SampanError, toSampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { TaskDatabase } from '../../core/task/databases.ts'

/** How connecting to one database of one side ended. */
export type Connection =
  | {
      readonly kind: 'open'
      readonly session: Session
      /** True where the database does not exist and the session is in `postgres` instead (destination only). */
      readonly missing: boolean
    }
  /** `shared`: every database of the side fails alike. `tried`: false where it was found with the first, and not tried here. */
  | { readonly kind: 'failed'; readonly error: SampanError; readonly shared: boolean; readonly tried: boolean }

export interface DatabaseConnections {
  readonly source: Connection
  readonly destination: Connection
}

/** A name, an address or a starting server gets three chances: a whitelist entry may need a moment to take effect. */
export const CONNECT_PATIENCE: Patience = { attempts: 3, firstPause: 4_000, longestPause: 8_000 }

const CONNECT_MILLISECONDS = 8_000

/** Sizes are asked under a lock: a precheck must not wait behind somebody's ALTER TABLE, nor longer than the runner does. */
const PRECHECK_SETTINGS = { lock_timeout: '10s', statement_timeout: '25s' }

/** Where one logs in to ask about a database that is not there. */
const MAINTENANCE_DATABASES = ['postgres', 'template1']

export interface Opening {
  readonly event: StepEvent
  readonly environment: Environment
  readonly signal: AbortSignal
  readonly patience: Patience
  /** What is left of the call; without it as long as it takes. */
  readonly remainingMilliseconds?: () => number
  /** The longest that a check is waited for. @default 30000 */
  readonly checkMilliseconds?: number
}

/**
 * Opens one session per side in a database. What fails becomes part of the answer, as the precheck has to tell it plainly.
 * @param first how the first database was reached, which goes ahead, so that a wrong password is tried once and told once, or how the server
 *   refuses all since; `null`: this is it
 * @throws SampanError STOPPED only
 */
export async function connectDatabase(
  opening: Opening,
  database: TaskDatabase,
  first: DatabaseConnections | null,
): Promise<DatabaseConnections> {
  const connect = async (side: Side, name: string): Promise<Connection> => {
    const ahead = first?.[side]
    if (ahead?.kind === 'failed' && ahead.shared) return { ...ahead, tried: false }
    return connectOne(opening, side, name, first === null)
  }
  const [source, destination] = await Promise.all([
    connect('source', database.name),
    connect('destination', database.as),
  ])
  return { source, destination }
}

/** Closes every session, politely. */
export async function closeAll(sessions: Iterable<Session>): Promise<void> {
  await Promise.all([...new Set(sessions)].map((session) => session.close()))
}

/** One more session to a database. */
export async function openSession(opening: Opening, side: Side, database: string, bare = false): Promise<Session> {
  const open = side === 'source' ? openSource : openDestination
  return open(opening.event, opening.environment, {
    database,
    purpose: 'precheck',
    pipeline: true,
    signal: opening.signal,
    timeoutMilliseconds: CONNECT_MILLISECONDS,
    settings: PRECHECK_SETTINGS,
    ...(bare ? { bare } : {}),
  })
}

/** Whether a server lets somebody in, as far as a database of this name. */
export async function letsIn(opening: Opening, side: Side, database: string): Promise<boolean> {
  try {
    await (await openSession(opening, side, database)).close()
    return true
  } catch (thrown) {
    const error = toSampanError(thrown)
    unlessStopped(error)
    return rungOf(error) === 'database'
  }
}

/**
 * Looks for a pooler before anything is set: settings made through one that shares its connections would become those of the
 * application's sessions.
 * @throws SampanError `…_POOLED`, or what the connection fails with
 */
async function refuseSharedConnections(opening: Opening, side: Side, database: string): Promise<void> {
  if (isRdsProxy(opening.event.endpoints?.[side].host ?? '')) throw pooledError(side)
  const [first, second] = await Promise.allSettled([0, 1].map(() => openSession(opening, side, database, true)))
  const sessions = [first, second].flatMap((one) => (one?.status === 'fulfilled' ? [one.value] : []))
  try {
    if (first?.status === 'rejected') throw first.reason
    // An account that may have one connection only is told of it elsewhere.
    const [one, other] = sessions
    if (one === undefined || other === undefined) return
    if ((await observePooling(one, other)) === 'transaction') throw pooledError(side)
  } finally {
    for (const session of sessions) session.destroy()
  }
}

/** @param ahead the first of its side looks at what stands between */
async function connectOne(opening: Opening, side: Side, database: string, ahead = false): Promise<Connection> {
  try {
    return { kind: 'open', session: await openPatiently(opening, side, database, ahead), missing: false }
  } catch (thrown) {
    if (opening.signal.aborted) throw thrown
    const error = toSampanError(thrown)
    if (side === 'destination' && rungOf(error) === 'database') {
      for (const maintenance of MAINTENANCE_DATABASES) {
        const session = await openPatiently(opening, side, maintenance, ahead).catch(unlessStopped)
        if (session !== null) return { kind: 'open', session, missing: true }
      }
    }
    return { kind: 'failed', error, shared: isShared(error), tried: true }
  }
}

async function openPatiently(opening: Opening, side: Side, database: string, ahead: boolean): Promise<Session> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (ahead) await refuseSharedConnections(opening, side, database)
      return await openSession(opening, side, database)
    } catch (thrown) {
      const error = toSampanError(thrown)
      unlessStopped(error)
      if (!error.retryable || error.kind !== 'connection' || attempt >= opening.patience.attempts) throw error
      await pause(backoff(opening.patience, attempt), opening.signal)
    }
  }
}

/** Failures of the server, the way to it and the account; those of one database (missing, no right) are its own. */
function isShared(error: SampanError): boolean {
  if (error instanceof ConnectError) return error.rung !== 'database'
  return !(error instanceof DatabaseError) || error.kind === 'connection'
}

function rungOf(error: SampanError): string | null {
  return error instanceof ConnectError ? error.rung : null
}

function unlessStopped(error: unknown): null {
  if (error instanceof SampanError && error.code === 'STOPPED') throw error
  return null
}
