import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { type Account, serverAccount } from './account.ts'
import { type Binaries, findBinaries, type Major } from './binaries.ts'
import { createCluster, type ServerCertificate } from './cluster.ts'
import { dataDirectory, makeDirectory, removeDirectory, sweepDirectories } from './directory.ts'
import { forget, keep } from './keeping.ts'
import { findFreePort } from './port.ts'
import { crash, type Postmaster, portTaken, startPostmaster, stopFast } from './postmaster.ts'

export interface ServerOptions {
  readonly major: Major
  /** Where the server's own directory is made. @default the system's directory for temporary files */
  readonly parent?: string
  /** @default 0: a free one */
  readonly port?: number
  /** Lines of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
  /** PEM texts; without them the server speaks no TLS. */
  readonly ssl?: ServerCertificate
  /** Lines of pg_hba.conf before the last ones, which let every user in from 127.0.0.1 with a SCRAM password. */
  readonly hostRules?: readonly string[]
  /** @default 48 random hexadecimal digits */
  readonly password?: string
}

/** A running PostgreSQL server that goes away with this process, whatever ends it. */
export interface Server {
  readonly major: Major
  readonly host: '127.0.0.1'
  readonly port: number
  readonly superuser: 'postgres'
  readonly password: string
  /** Data directory and log; removed by `stop`. */
  readonly directory: string
  /** Ends the server in order and removes its directory. Does nothing the second time. */
  stop(): Promise<void>
  /** The machine dies: all processes at once, without a word to the clients. The data stays; `restart` recovers it. */
  kill(): Promise<void>
  /** Stops the server if it runs, and starts it again on the same port and data. */
  restart(settings?: Readonly<Record<string, string>>): Promise<void>
}

/**
 * Settings for tests and demonstrations, whose data nobody keeps: a crash of the machine may ruin the data directory, a
 * kill of the server's processes may not.
 */
export const carelessSettings: Readonly<Record<string, string>> = { fsync: 'off', full_page_writes: 'off' }

/**
 * Starts a PostgreSQL server out of npm: no installation, no root, no Docker. About a second.
 * @throws SampanError LOCAL_SERVER_… with what stands in the way
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  sweepDirectories(options.parent)
  const account = serverAccount()
  const directory = makeDirectory(options.parent)
  keep(directory)
  try {
    const binaries = await findBinaries(options.major, account, directory)
    const password = options.password ?? randomBytes(24).toString('hex')
    await createCluster(binaries, account, directory, {
      superuser: 'postgres',
      password,
      settings: options.settings ?? {},
      ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
      ...(options.hostRules === undefined ? {} : { hostRules: options.hostRules }),
    })
    const { port, postmaster } = await startOnPort(binaries, account, directory, options.port ?? 0)
    return new RunningServer(options.major, port, password, directory, binaries, account, postmaster)
  } catch (error) {
    removeDirectory(directory)
    forget(directory)
    throw error
  }
}

/** A free port may be taken between the look and the start; then another one is looked for. */
async function startOnPort(
  binaries: Binaries,
  account: Account,
  directory: string,
  wanted: number,
): Promise<{ port: number; postmaster: Postmaster }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted === 0 ? await findFreePort() : wanted
    try {
      return { port, postmaster: await startPostmaster(binaries, account, directory, port) }
    } catch (error) {
      if (wanted !== 0 || attempt === 10 || !portTaken(error)) throw error
    }
  }
}

class RunningServer implements Server {
  readonly major: Major
  readonly host = '127.0.0.1'
  readonly port: number
  readonly superuser = 'postgres'
  readonly password: string
  readonly directory: string
  readonly #binaries: Binaries
  readonly #account: Account
  #postmaster: Postmaster
  #stopped = false

  constructor(
    major: Major,
    port: number,
    password: string,
    directory: string,
    binaries: Binaries,
    account: Account,
    postmaster: Postmaster,
  ) {
    this.major = major
    this.port = port
    this.password = password
    this.directory = directory
    this.#binaries = binaries
    this.#account = account
    this.#postmaster = postmaster
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    await stopFast(this.#postmaster)
    removeDirectory(this.directory)
    forget(this.directory)
  }

  async kill(): Promise<void> {
    await crash(this.#postmaster)
    // All its processes are dead; a process id that is used again must not keep the next start out.
    rmSync(join(dataDirectory(this.directory), 'postmaster.pid'), { force: true })
  }

  async restart(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.#stopped) {
      throw new SampanError({
        code: 'LOCAL_SERVER_STOPPED',
        message: 'the server was stopped and its directory removed',
        remedy: 'start a new one with startServer',
      })
    }
    await stopFast(this.#postmaster)
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    await appendFile(join(dataDirectory(this.directory), 'postgresql.conf'), lines.join(''))
    this.#postmaster = await startPostmaster(this.#binaries, this.#account, this.directory, this.port)
  }
}
