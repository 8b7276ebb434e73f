import { spawn } from 'node:child_process'
import { chownSync } from 'node:fs'
import { appendFile, chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import { dataDirectory } from './directory.ts'
import { serverEnvironment } from './postmaster.ts'

/** What a new data directory is made with. */
export interface ClusterOptions {
  readonly superuser: string
  readonly password: string
  readonly settings: Readonly<Record<string, string>>
  readonly ssl?: ServerCertificate
  readonly hostRules?: readonly string[]
}

/** PEM texts. With `ca`, the server can check client certificates (a `cert` or `clientcert=` rule asks for them). */
export interface ServerCertificate {
  readonly key: string
  readonly cert: string
  readonly ca?: string
}

/** Runs initdb and writes the configuration: TCP on 127.0.0.1 only, SCRAM passwords, UTF-8, the C locale, UTC. */
export async function createCluster(
  binaries: Binaries,
  account: Account,
  directory: string,
  options: ClusterOptions,
): Promise<void> {
  const data = dataDirectory(directory)
  const secret = join(directory, 'superuser')
  await mkdir(data, { mode: 0o700 })
  await writeFile(secret, `${options.password}\n`, { mode: 0o600 })
  give(account, data, secret)
  const flags = ['--no-sync', '-E', 'UTF8', '--locale=C', '-A', 'scram-sha-256', '-U', options.superuser]
  try {
    await run(binaries.initdb, ['-D', data, ...flags, `--pwfile=${secret}`], account, directory)
  } finally {
    await rm(secret, { force: true })
  }
  await appendFile(join(data, 'postgresql.conf'), configuration(options))
  const rules = [
    ...(options.hostRules ?? []),
    'host all all 127.0.0.1/32 scram-sha-256',
    'host replication all 127.0.0.1/32 scram-sha-256',
  ]
  await writeFile(join(data, 'pg_hba.conf'), `${rules.join('\n')}\n`)
  if (options.ssl !== undefined) await writeCertificate(account, data, options.ssl)
}

function configuration(options: ClusterOptions): string {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    // No socket file, no lock in /tmp, no limit on the length of the path.
    unix_socket_directories: '',
    ...(options.ssl === undefined ? {} : { ssl: 'on', ssl_cert_file: 'server.crt', ssl_key_file: 'server.key' }),
    ...(options.ssl?.ca === undefined ? {} : { ssl_ca_file: 'ca.crt' }),
    ...options.settings,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`)
  return `\n# Sampan\n${lines.join('\n')}\n`
}

async function writeCertificate(account: Account, data: string, ssl: ServerCertificate): Promise<void> {
  const files = { 'server.key': ssl.key, 'server.crt': ssl.cert, ...(ssl.ca === undefined ? {} : { 'ca.crt': ssl.ca }) }
  for (const [name, text] of Object.entries(files)) {
    const path = join(data, name)
    await writeFile(path, text)
    // PostgreSQL refuses a key that others may read.
    await chmod(path, 0o600)
    give(account, path)
  }
}

function give(account: Account, ...paths: readonly string[]): void {
  const { uid, gid } = account.ids
  if (uid === undefined || gid === undefined) return
  for (const path of paths) chownSync(path, uid, gid)
}

function run(program: string, args: readonly string[], account: Account, cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...account.ids,
      cwd,
      env: serverEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let words = ''
    child.stderr.on('data', (bytes: Buffer) => {
      words += bytes.toString()
    })
    const fail = (reason: string, cause?: unknown) =>
      reject(
        new SampanError({
          code: 'LOCAL_SERVER_INIT',
          message: `initdb failed: ${reason}`,
          remedy: `see that ${account.name} may write to the temporary directory and that it has 100 MB free`,
          cause,
        }),
      )
    child.once('error', (error) => fail(error.message, error))
    child.once('close', (code) =>
      code === 0 ? resolve() : fail(words.trim().split('\n').slice(-3).join(' | ') || `exit status ${code}`),
    )
  })
}
