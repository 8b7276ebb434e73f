import type { Socket } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import pg from 'pg'
import { SampanError } from '../runtime/errors.ts'
import { toConnectError } from './connect-errors.ts'
import { type Side, toDatabaseError, toSettingsError, toStatementError } from './errors.ts'
import { sayGoodbye } from './goodbye.ts'
import { isAsked, type KeptClient, keepClient, takeKept } from './kept-sessions.ts'
import { plainWords } from './plain-words.ts'
import { isOtherBackend, PooledBackend, requireOneBackend, sameBackend } from './same-backend.ts'
import { hideSecret } from './secret-words.ts'
import { pinSettings } from './session-settings.ts'
import { valueTypes } from './value-types.ts'
import { GuardedConnection } from './wire/guarded-connection.ts'
import type { LoginMethod } from './wire/login-guard.ts'

export interface ConnectOptions {
  readonly side: Side
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /**
   * The password is a token of IAM.
   * @default false
   */
  readonly byIam?: boolean
  readonly database: string
  /** `false`: a plain connection, by the task's explicit word only. */
  readonly tls: TlsOptions | false
  /** Shown in `pg_stat_activity`; cut to 63 bytes by the server. */
  readonly applicationName: string
  /** Settings of this session, over the pinned ones. */
  readonly settings?: Readonly<Record<string, string>>
  /**
   * Statements are sent without waiting for the answers before them. Each is a simple Query of its own: its own
   * transaction, its own error.
   * @default false
   */
  readonly pipeline?: boolean
  /**
   * Sets nothing: behind a pooler the settings may become those of another session.
   * @default false
   */
  readonly bare?: boolean
  /**
   * A walsender of the database: it takes replication commands and plain SQL, and no parameters.
   * @default false
   */
  readonly replication?: boolean
  /** Closes the connection at once when it fires. */
  readonly signal?: AbortSignal
  /**
   * For all of it: TCP, TLS and the login.
   * @default 20000
   */
  readonly timeoutMilliseconds?: number
}

/** A server may be set to more rounds of SCRAM than its default of 4,096; a million take half a second. */
const MOST_SCRAM_ITERATIONS = 1_000_000

/** No server needs so long for its settings; one that has let us in and says nothing more would hold the step. */
const SETTINGS_MILLISECONDS = 60_000

/** What the server says of a column of an answer: its type's OID, and the type's modifier; -1 where it has none. */
export interface ColumnOfResult {
  readonly type: number
  readonly modifier: number
}

/** A connection: `pg`'s client with what the copy path needs beside it. */
export interface Session {
  readonly side: Side
  readonly client: pg.Client
  /** `server_version_num`, e.g. 150018. */
  readonly serverVersion: number
  /** Every ParameterStatus the server sent at the start. */
  readonly parameters: ReadonlyMap<string, string>
  /** How the server let us in. */
  readonly loginMethod: LoginMethod
  /** The server process that answers, as far as it is known. */
  readonly backend: number | null
  /** One statement, its rows as objects. Errors come mapped. */
  rows<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** One statement. @returns how many rows it has inserted, updated or deleted */
  change(text: string, values?: readonly unknown[]): Promise<number>
  /** One or several statements in one simple Query: one implicit transaction, results dropped. */
  execute(text: string): Promise<void>
  /**
   * One statement by the extended protocol: a text of more statements is refused before any of them is run. Its rows are dropped.
   * @returns what its columns are
   */
  executeOne(text: string): Promise<readonly ColumnOfResult[]>
  /** Ends the connection politely; never throws. */
  close(): Promise<void>
  /** Ends it at once: whatever transaction is open is gone. */
  destroy(): void
}

/**
 * Opens an authenticated connection with pinned settings.
 * @throws SampanError `SRC_…` or `DST_…`, with the rung at which it broke (a ConnectError)
 */
export async function connect(options: ConnectOptions): Promise<Session> {
  const address = `${options.host}:${options.port}`
  if (options.signal?.aborted) throw aborted()
  const kept = takeKept(kindOf(options))
  if (kept !== null) return session(options, kept, pin(options, kept))
  hideSecret(options.password)
  try {
    return await open(options, address, true)
  } catch (thrown) {
    if (!isUnbindable(thrown)) throw thrown
    return open(options, address, false)
  }
}

/** @param bind whether SCRAM is bound to the TLS channel where the server offers that */
async function open(options: ConnectOptions, address: string, bind: boolean): Promise<Session> {
  const connection = new GuardedConnection(options.tls)
  const client = new pg.Client({
    connection,
    host: options.host,
    port: options.port,
    user: options.user,
    password: options.password,
    database: options.database,
    ssl: options.tls,
    enableChannelBinding: bind && options.tls !== false,
    scramMaxIterations: MOST_SCRAM_ITERATIONS,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.timeoutMilliseconds ?? 20_000,
    types: valueTypes,
    pipeline: options.pipeline ?? false,
    ...(options.replication ? { replication: 'database' } : {}),
  } as pg.ClientConfig)
  const parameters = collectParameters(connection)
  // Without a listener a lost connection would end the process; whoever waits for an answer gets the error anyway.
  client.on('error', () => {})
  const destroy = () => socketOf(client).destroy()
  options.signal?.addEventListener('abort', destroy, { once: true })
  try {
    await client.connect()
    const serverVersion = versionNumber(parameters.get('server_version') ?? '')
    const { method: loginMethod, backend } = connection.login
    const opened = { client, serverVersion, parameters, loginMethod, backend, pooled: false }
    if (options.bare) return session(options, opened, Promise.resolve())
    const pinned = pin(options, opened)
    // The first question of a pipelined session travels right behind the settings, and fails with them.
    if (options.pipeline && direct.has(address)) return session(options, opened, pinned)
    const pooled = await pinned.then(
      () => false,
      (thrown: unknown) => {
        if (thrown instanceof PooledBackend) return true
        throw thrown
      },
    )
    if (!pooled) {
      direct.add(address)
      return session(options, opened, pinned)
    }
    const behind = { ...opened, backend: null, pooled: true }
    const answering = await requireOneBackend(client, options.side)
    await pin(options, behind)
    return session(options, { ...behind, backend: answering }, Promise.resolve())
  } catch (thrown) {
    destroy()
    if (options.signal?.aborted) throw aborted()
    if (bind && isUnbindable(thrown)) throw thrown
    throw toConnectError(thrown, options.side, { address, byIam: options.byIam ?? false, stage: connection.stage })
  } finally {
    options.signal?.removeEventListener('abort', destroy)
  }
}

/** The driver cannot read which digest a rare certificate is signed by, and the channel cannot be bound to it. */
function isUnbindable(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message.startsWith('SASL channel binding: ')
}

/** Addresses where a login has led to the server itself. */
const direct = new Set<string>()

/**
 * Pins the settings of a session, its name among them: a kept one had another.
 * @throws PooledBackend where another process answers than the login has named; nothing is set then
 */
function pin(options: ConnectOptions, { client, serverVersion, parameters, backend }: KeptClient): Promise<unknown> {
  const settings = {
    ...options.settings,
    application_name: options.applicationName,
    // Its texts are any bytes; as UTF8, which every session begins with, the server would refuse to send some of them.
    ...(parameters.get('server_encoding') === 'SQL_ASCII' ? { client_encoding: 'SQL_ASCII' } : {}),
  }
  const timer = setTimeout(() => socketOf(client).destroy(new Error('timeout expired')), SETTINGS_MILLISECONDS)
  const pinned = client
    .query(
      `${backend === null ? '' : `${sameBackend(backend)}; `}${pinSettings(options.side, serverVersion, settings)}`,
    )
    .catch((thrown: unknown) => {
      if (isOtherBackend(thrown)) {
        direct.delete(`${options.host}:${options.port}`)
        throw new PooledBackend(options.side)
      }
      throw toSettingsError(thrown, options.side)
    })
    .finally(() => clearTimeout(timer))
  // Whoever asks something gets the error.
  pinned.catch(() => {})
  return pinned
}

/** Sessions of one kind may stand in for each other: the same server, database, user and way in. */
function kindOf(options: ConnectOptions): string {
  const { side, host, port, user, database, tls, pipeline, replication } = options
  const how = [pipeline ?? false, replication ?? false]
  return JSON.stringify([side, host, port, user, database, tls === false ? null : tls, ...how])
}

function session(options: ConnectOptions, opened: KeptClient, pinned: Promise<unknown>): Session {
  const { side, signal } = options
  const { client } = opened
  const destroy = () => socketOf(client).destroy()
  signal?.addEventListener('abort', destroy, { once: true })
  const plain = plainWords(opened.parameters.get('server_encoding'))
  const ask = async (text: string, values?: readonly unknown[], more: { readonly queryMode?: 'extended' } = {}) => {
    const given = plain === null ? values : values?.map(plain)
    try {
      const query: pg.QueryConfig = { text, ...(given === undefined ? {} : { values: [...given] }), ...more }
      const [, result] = await Promise.all([pinned, client.query(query)])
      return result
    } catch (thrown) {
      if (signal?.aborted) throw aborted()
      const ofStatement = is08(thrown) && (await isAlive(client))
      throw ofStatement ? toStatementError(thrown, side) : toDatabaseError(thrown, side)
    }
  }
  return {
    ...opened,
    side,
    async rows<Row>(text: string, values?: readonly unknown[]) {
      return (await ask(text, values)).rows as Row[]
    },
    async change(text, values) {
      return (await ask(text, values)).rowCount ?? 0
    },
    async execute(text) {
      await ask(text)
    },
    async executeOne(text) {
      const { fields } = await ask(text, undefined, { queryMode: 'extended' })
      return fields.map(({ dataTypeID, dataTypeModifier }) => ({ type: dataTypeID, modifier: dataTypeModifier }))
    },
    async close() {
      signal?.removeEventListener('abort', destroy)
      // A server that does not answer must not hold the step: the socket is closed after a second.
      const timer = setTimeout(destroy, 1_000)
      // Who has asked nothing yet has settings on their way, and only behind them can they be taken back.
      await pinned.catch(() => {})
      const kept = side === 'destination' && !options.bare && keepClient(kindOf(options), opened)
      if (!kept && !socketOf(client).destroyed) {
        if (isAsked(client)) await client.end().catch(() => {})
        else await sayGoodbye(client, opened.pooled)
      }
      clearTimeout(timer)
    },
    destroy() {
      signal?.removeEventListener('abort', destroy)
      destroy()
    },
  }
}

/**
 * Class 08 is said of this connection, and of another one that a statement opens (a foreign server, dblink): that error is the
 * statement's own, and leaves the session alive.
 */
function is08(thrown: unknown): thrown is pg.DatabaseError {
  return thrown instanceof pg.DatabaseError && thrown.code?.startsWith('08') === true
}

/** The server answers the next question, be it with the error of a transaction that is aborted. */
async function isAlive(client: pg.Client): Promise<boolean> {
  if (socketOf(client).destroyed) return false
  return client.query('SELECT 1').then(
    () => true,
    (refused: unknown) => refused instanceof pg.DatabaseError && refused.code === '25P02',
  )
}

/** The socket under the client: `pg` upgrades it to TLS in place, so it is asked anew each time. */
export function socketOf(client: pg.Client): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream
}

/** A server reports some fifteen; those that a session changes are among them. */
const MOST_PARAMETERS = 100

function collectParameters(connection: NodeJS.EventEmitter): Map<string, string> {
  const parameters = new Map<string, string>()
  connection.on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
    if (parameters.size < MOST_PARAMETERS || parameters.has(parameterName))
      parameters.set(parameterName, parameterValue)
  })
  return parameters
}

interface ParameterStatus {
  readonly parameterName: string
  readonly parameterValue: string
}

/** "15.18 (Debian …)" → 150018, "9.6.24" → 90624, "18beta1" → 180000. */
export function versionNumber(text: string): number {
  const parts = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text)
  if (parts === null) return 0
  const [major, minor, patch] = [Number(parts[1]), Number(parts[2] ?? 0), Number(parts[3] ?? 0)]
  return major >= 10 ? major * 10_000 + minor : major * 10_000 + minor * 100 + patch
}

function aborted(): SampanError {
  return new SampanError({
    code: 'STOPPED',
    message: 'the step was told to stop',
    remedy: 'start the same task again to continue',
    retryable: true,
  })
}
