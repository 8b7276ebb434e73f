import { MessageChannel, Worker } from 'node:worker_threads'
import type { Client } from '../../../core/postgres/client.ts'
import { toDatabaseError } from '../../../core/postgres/errors.ts'
import { withoutSecrets } from '../../../core/postgres/secret-words.ts'
import { FrameWatch } from '../../../core/postgres/wire/frame-watch.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import { dumpTimedOut, handToWorker, type WorkerResult, type WorkerTask } from './bridge.ts'
import type { InterceptorChoice } from './interceptors.ts'
import { locatePgDump } from './locate.ts'
import { takeSocket } from './socket.ts'

/** The newest server that the vendored pg_dump can read. */
export const newestServer = 18

/** What waits for pg_dump to read it; beyond that the server is not listened to. */
const MOST_WAITING = 64 * 1024 * 1024

export interface DumpOptions extends InterceptorChoice {
  /** Connected and idle. Its session is used up afterwards (settings, an open transaction): end it. */
  readonly client: Client
  /** pg_dump's own arguments, without connection, format and file. @default ['--schema-only'] */
  readonly args?: readonly string[]
  readonly signal?: AbortSignal
  /** Milliseconds. @default 10 minutes */
  readonly timeout?: number
}

export interface Dump {
  /** A custom-format archive (`pg_dump -Fc -Z0`), to be read by ../toc/read.ts. */
  readonly archive: Uint8Array
  /** What pg_dump said it leaves out or found odd. */
  readonly notices: readonly string[]
}

/**
 * Runs the real pg_dump 18 in a worker thread over a connection that is already authenticated.
 * @throws SampanError `SRC_VERSION_TOO_NEW`, `SRC_DUMP_FAILED`, `SRC_DUMP_CONNECTION_LOST`, `SRC_DUMP_TIMED_OUT`, `STOPPED`
 */
export async function dump(options: DumpOptions): Promise<Dump> {
  const { client, args = ['--schema-only'], signal, timeout = 600_000 } = options
  if (signal?.aborted) throw stopped()
  const settings = await readSettings(client)
  const session = settings.session ?? {}
  const { worker: file, wasm } = locatePgDump()
  const { port1: port, port2: workerPort } = new MessageChannel()
  const counter = new Int32Array(new SharedArrayBuffer(4))
  const task: WorkerTask = {
    args: ['-U', settings.user, '-d', settings.database, '-Fc', '-Z0', '--no-sync', ...args],
    settings: session,
    processId: settings.processId,
    skipLocks: options.skipLocks ?? true,
    skipTransaction: options.skipTransaction ?? false,
    deadline: Date.now() + timeout,
    wasm,
    counter,
    port: workerPort,
  }
  const watch = new FrameWatch()
  const broken = Promise.withResolvers<never>()
  broken.promise.catch(() => {})
  let waiting = 0
  const taken = takeSocket(client, (bytes) => {
    try {
      watch.push(bytes)
    } catch (thrown) {
      broken.reject(toDatabaseError(thrown, 'source'))
      return
    }
    handToWorker(port, counter, new Uint8Array(bytes))
    waiting += bytes.length
    if (waiting > MOST_WAITING) taken.socket.pause()
  })
  const worker = new Worker(file, { workerData: task, transferList: [workerPort], execArgv: [] })
  let timer: NodeJS.Timeout | undefined
  let onClose = (): void => {}
  let onAbort = (): void => {}
  try {
    const result = await new Promise<WorkerResult>((resolve, reject) => {
      timer = setTimeout(() => reject(dumpTimedOut()), timeout + WORKER_SPEAKS_FIRST)
      onClose = () => reject(connectionLost())
      onAbort = () => reject(stopped())
      taken.socket.once('close', onClose)
      signal?.addEventListener('abort', onAbort, { once: true })
      broken.promise.catch(reject)
      port.on('message', (message: Uint8Array | number) => {
        if (typeof message !== 'number') {
          taken.socket.write(message)
          return
        }
        waiting -= message
        if (waiting < MOST_WAITING / 2) taken.socket.resume()
      })
      worker.once('message', resolve)
      worker.once('error', (thrown) => reject(ownError(thrown)))
      worker.once('exit', () => reject(dumpFailed(['the dump ended without a result'])))
    })
    return judgeResult(result)
  } catch (error) {
    // The server may be in the middle of an answer: nobody can use this connection any more.
    taken.socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
    taken.socket.off('close', onClose)
    signal?.removeEventListener('abort', onAbort)
    taken.giveBack()
    taken.socket.resume()
    port.close()
    await worker.terminate()
  }
}

/** Milliseconds: the worker looks at its deadline itself, unless it is at work and waits for nothing. */
const WORKER_SPEAKS_FIRST = 1_000

/** An error comes out of a worker with its fields and without its class. */
function ownError(thrown: unknown): unknown {
  const { name, code, message, remedy, retryable } = thrown as Partial<SampanError>
  if (name !== 'SampanError' || code === undefined || message === undefined || remedy === undefined) return thrown
  return new SampanError({ code, message, remedy, retryable: retryable === true })
}

function judgeResult(result: WorkerResult): Dump {
  const notices = result.notices
    .map(withoutSecrets)
    // Each line begins with the program's name, which is the worker's file here.
    .map((line) => line.replace(/^(?:pg_dump|worker\.[cm]?[jt]s): /, ''))
    .filter((line) => !/invalid binary/.test(line))
  if (result.archive === null) throw dumpFailed(notices)
  if (result.missed.length > 0) {
    throw new SampanError({
      code: 'PG_DUMP_UNKNOWN',
      message: `this pg_dump does not ask what Sampan expects it to ask: ${result.missed.join(', ')}`,
      remedy: 'use the pg_dump that comes with Sampan (lambdas/stages/schema/pgdump/vendor)',
    })
  }
  return { archive: result.archive, notices }
}

interface Settings {
  readonly user: string
  readonly database: string
  readonly processId: number
  readonly session: Readonly<Record<string, string>>
}

/** What the server told the driver when it let it in; the same values answer pg_dump's greeting. */
async function readSettings(client: Client): Promise<Settings> {
  const { rows } = await client.query<{ name: string; setting: string }>(`
    SELECT name, setting FROM pg_catalog.pg_settings
     WHERE name IN ('server_version', 'server_version_num', 'server_encoding', 'client_encoding', 'DateStyle', 'IntervalStyle', 'TimeZone', 'integer_datetimes',
                    'standard_conforming_strings', 'application_name', 'in_hot_standby', 'default_transaction_read_only')
    -- These two are hidden in pg_settings. pg_dump leaves subscriptions out where it does not know itself a superuser.
    UNION ALL SELECT 'is_superuser', pg_catalog.current_setting('is_superuser')
    UNION ALL SELECT 'session_authorization', pg_catalog.current_setting('session_authorization')
    UNION ALL SELECT 'user', session_user::pg_catalog.text
    UNION ALL SELECT 'database', pg_catalog.current_database()::pg_catalog.text
    UNION ALL SELECT 'pid', pg_catalog.pg_backend_pid()::pg_catalog.text`)
  const found = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))
  const { user = '', database = '', pid = '0', server_version_num: version = '0', ...rest } = found
  const major = Math.floor(Number(version) / 10_000)
  if (major > newestServer) {
    throw new SampanError({
      code: 'SRC_VERSION_TOO_NEW',
      message: `the server is PostgreSQL ${major}, and this Sampan reads the objects of versions up to ${newestServer}`,
      remedy: 'use a newer Sampan, whose pg_dump knows that version',
    })
  }
  return { user, database, processId: Number(pid), session: rest }
}

function dumpFailed(notices: readonly string[]): SampanError {
  if (notices.some((line) => /out of shared memory|max_locks_per_transaction/.test(line))) return tooManyLocks()
  const reason = notices.find((line) => /error|failed/i.test(line)) ?? notices[0] ?? 'no reason was given'
  return new SampanError({
    code: 'SRC_DUMP_FAILED',
    message: `pg_dump could not read the objects: ${reason.split('\n', 1)[0]}`,
    remedy: 'give the source account the right that is missing, or start again if objects were being changed meanwhile',
    retryable: true,
  })
}

/** PostgreSQL prints a view or an index by locking it, and one transaction holds so many locks only. */
function tooManyLocks(): SampanError {
  return new SampanError({
    code: 'SRC_DUMP_LOCKS',
    message: 'the source has more objects than one of its transactions can lock',
    remedy: 'raise max_locks_per_transaction on the source; Sampan reads them without a transaction meanwhile',
  })
}

function connectionLost(): SampanError {
  return new SampanError({
    code: 'SRC_DUMP_CONNECTION_LOST',
    message: 'the connection broke while the objects were being read',
    remedy: 'nothing was changed; the objects are read again',
    retryable: true,
    kind: 'connection',
  })
}

function stopped(): SampanError {
  return new SampanError({
    code: 'STOPPED',
    message: 'reading the objects was stopped',
    remedy: 'start the task again to go on',
    retryable: true,
  })
}
