import { createHash } from 'node:crypto'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { type Parameters, readConnectionString } from './connection-string.ts'
import { findPassword } from './password.ts'
import { readService } from './service-file.ts'
import { toTls } from './tls.ts'

/** What PostgreSQL’s own programs take from the environment where nothing else says it. The host has to be named: there are two. */
const VARIABLES = {
  port: 'PGPORT',
  user: 'PGUSER',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
} as const

/** A task as a user would write it. */
interface WrittenTask {
  readonly name: string
  readonly [field: string]: unknown
}

/**
 * The task that `--from` and `--to` mean: one database, everything else by default. The run’s name is made of both ends, so that the same
 * command goes on where it was. Passwords stand in it as they do in the task of a local run (cli/passwords.ts).
 * @throws SampanError TASK_URL_…, TASK_SERVICE_…, TASK_PGPASS_UNSAFE; never with a password, or a piece of a URL, in it
 */
export async function taskOfEnds(from: string, to: string, acknowledge: readonly string[] = []): Promise<WrittenTask> {
  const source = await readEnd(from, '--from', null)
  const destination = await readEnd(to, '--to', source.database)
  const { database: name } = source
  const { database: as } = destination
  const place = (end: End) => [end.side.host, end.side.port, end.database]
  const digest = createHash('sha256')
    .update(JSON.stringify([place(source), place(destination)]))
    .digest('hex')
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40)
  return {
    name: `${slug === '' ? 'move' : slug}-${digest.slice(0, 8)}`,
    source: source.side,
    destination: destination.side,
    databases: [name === as ? { name } : { name, as }],
    ...(acknowledge.length === 0 ? {} : { precheck: { acknowledge } }),
  }
}

interface End {
  readonly side: { readonly host: string; readonly port: number; readonly [field: string]: unknown }
  readonly database: string
}

/** @param fallback the database where none is named; `null`: one must be */
async function readEnd(text: string, named: string, fallback: string | null): Promise<End> {
  const given = readConnectionString(text, named)
  const service = given.service === undefined ? {} : await readService(given.service, process.env)
  const end: Parameters = { ...fromEnvironment(), ...service, ...given }
  const { host, user, dbname: database = fallback } = end
  if (host === undefined) throw lacks('TASK_URL_HOST_MISSING', named, 'host')
  if (database === null) throw lacks('TASK_URL_DATABASE_MISSING', named, 'database')
  if (user === undefined) throw lacks('TASK_URL_USER_MISSING', named, 'user')
  const port = Number(end.port ?? 5432)
  const password = end.password ?? (await findPassword({ host, port, user, database }))
  const side = { host, port, user, ...(password === null ? {} : { password }), tls: toTls(end, named) }
  return { side, database }
}

function fromEnvironment(): Parameters {
  const set = Object.entries(VARIABLES).flatMap(([keyword, variable]) => {
    const value = process.env[variable]
    return value === undefined || value === '' ? [] : [[keyword, value] as const]
  })
  return Object.fromEntries(set)
}

function lacks(code: string, named: string, what: string): SampanError {
  return new SampanError({
    code,
    message: `${named} names no ${what}`,
    remedy: `write ${named} postgres://user@host:5432/database, or ${named} service=NAME`,
  })
}
