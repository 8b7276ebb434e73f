import { databaseToken } from '../cloud/database-token.ts'
import { type CloudEnvironment, defaultRegion } from '../cloud/environment.ts'
import { resolveSecret } from '../cloud/secrets.ts'
import { SampanError } from '../runtime/errors.ts'
import type { Endpoint } from '../runtime/event.ts'
import { regionOfHost } from '../task/aws-names.ts'
import type { Task } from '../task/task.ts'
import type { Side } from './errors.ts'

/** Who logs in, and with what; for one connection. */
export interface SideLogin {
  readonly user: string
  readonly password: string
}

/** The login of a side: its password or secret, or a token of IAM made for this one connection. */
export async function readLogin(
  side: Side,
  task: Task,
  endpoint: Endpoint,
  environment: CloudEnvironment,
  signal?: AbortSignal,
): Promise<SideLogin> {
  const given = task[side]
  if (signsInByIam(side, task)) return { user: given.user ?? '', password: await token(task, endpoint, environment) }
  const login =
    given.secret === undefined ? null : await resolveSecret(given.secret, environment, signal ? { signal } : {})
  const user = given.user ?? login?.user
  const password =
    login?.password ??
    given.password ??
    (await readPasswordFile(given.passwordFile, environment)) ??
    // Who shows a certificate may need none.
    (given.tls.certificate === undefined ? undefined : '')
  if (user === undefined) throw incomplete(side, 'user')
  if (password === undefined) throw incomplete(side, 'password')
  return { user, password }
}

/** Whether a side's account is known to IAM instead of having a password. Only RDS has such accounts. */
export function signsInByIam(side: Side, task: Task): boolean {
  return side === 'source' && task.source.authentication === 'iam'
}

function token({ source }: Task, endpoint: Endpoint, environment: CloudEnvironment): Promise<string> {
  const region = source.region ?? regionOfHost(endpoint.host) ?? defaultRegion(environment)
  return databaseToken({ ...endpoint, user: source.user ?? '', region }, environment)
}

async function readPasswordFile(path: string | undefined, environment: CloudEnvironment): Promise<string | undefined> {
  return path === undefined ? undefined : (await resolveSecret(`file:${path}`, environment)).password
}

/** What a task that was read lacks nevertheless, e.g. a secret without a user name. */
export function incomplete(side: Side, what: string): SampanError {
  return new SampanError({
    code: side === 'source' ? 'SRC_INCOMPLETE' : 'DST_INCOMPLETE',
    message: `the ${side} has no ${what}`,
    remedy: `complete "${side}" in the task`,
  })
}
