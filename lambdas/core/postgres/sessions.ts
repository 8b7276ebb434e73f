import { createHash } from 'node:crypto'
import type { CloudEnvironment } from '../cloud/environment.ts'
import type { Endpoint, StepEvent } from '../runtime/event.ts'
import { connect, type Session } from './connect.ts'
import { ConnectError } from './connect-errors.ts'
import type { Side } from './errors.ts'
import { incomplete, readLogin, signsInByIam } from './login.ts'
import { tlsOptions } from './tls.ts'
import { readTlsMaterial } from './tls-material.ts'

/** How one session differs from another of the same run. */
export interface SessionOptions {
  /** The database; default the event's own, on the side's name for it. */
  readonly database?: string
  /** What the session is for: `pg_stat_activity` shows `sampan:<run>:<purpose>`. */
  readonly purpose: string
  readonly settings?: Readonly<Record<string, string>>
  readonly pipeline?: boolean
  readonly bare?: boolean
  readonly replication?: boolean
  readonly signal?: AbortSignal
  readonly timeoutMilliseconds?: number
}

/** A connection to the source database of the event. */
export async function openSource(
  event: StepEvent,
  environment: CloudEnvironment,
  options: SessionOptions,
): Promise<Session> {
  return open('source', event, environment, options)
}

/**
 * A connection to the destination database of the event; pipelined, because it is the far one. It says for which start of the run
 * it writes: the fence of the ledger holds back those that another start has taken over from.
 */
export async function openDestination(
  event: StepEvent,
  environment: CloudEnvironment,
  options: SessionOptions,
): Promise<Session> {
  const settings = { ...options.settings, [EXECUTION_SETTING]: event.run.execution }
  return open('destination', event, environment, { pipeline: true, ...options, settings })
}

/** The same, or `null` where the destination has no such database: the run makes those that are missing when their turn comes. */
export async function openDestinationIfMade(
  event: StepEvent,
  environment: CloudEnvironment,
  options: SessionOptions,
): Promise<Session | null> {
  try {
    return await openDestination(event, environment, options)
  } catch (thrown) {
    if (thrown instanceof ConnectError && thrown.rung === 'database') return null
    throw thrown
  }
}

/** A setting of our own, which `sampan.require_open` reads. */
const EXECUTION_SETTING = 'sampan.execution'

/** The server cuts an application name at 63 bytes; what a session is for must survive. */
const LONGEST_RUN = 40

/** `sampan:<run>:<purpose>`, as `pg_stat_activity` shows it. A long run name is cut and made unique by its digest. */
export function applicationName(run: string, purpose: string): string {
  const digest = createHash('sha256').update(run).digest('hex').slice(0, 8)
  const short = run.length <= LONGEST_RUN ? run : `${run.slice(0, LONGEST_RUN - 9)}-${digest}`
  return `sampan:${short}:${purpose}`
}

async function open(
  side: Side,
  event: StepEvent,
  environment: CloudEnvironment,
  options: SessionOptions,
): Promise<Session> {
  const endpoint: Endpoint | undefined = event.endpoints?.[side]
  if (endpoint === undefined) throw incomplete(side, 'address')
  const byIam = signsInByIam(side, event.task)
  const login = await readLogin(side, event.task, endpoint, environment, options.signal)
  const database = options.database ?? (side === 'source' ? event.database?.name : event.database?.as)
  if (database === undefined) throw incomplete(side, 'database')
  return connect({
    side,
    host: endpoint.host,
    port: endpoint.port,
    ...login,
    byIam,
    database,
    tls: tlsOptions(await readTlsMaterial(event.task[side].tls, side, environment), side),
    applicationName: applicationName(event.run.id, options.purpose),
    ...(options.settings ? { settings: options.settings } : {}),
    ...(options.pipeline ? { pipeline: true } : {}),
    ...(options.bare ? { bare: true } : {}),
    ...(options.replication ? { replication: true } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.timeoutMilliseconds ? { timeoutMilliseconds: options.timeoutMilliseconds } : {}),
  })
}
