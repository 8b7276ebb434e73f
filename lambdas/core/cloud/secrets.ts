import { readFile, realpath } from 'node:fs/promises'
import { SampanError } from '../runtime/errors.ts'
import { refusedFile } from '../task/local-secrets.ts'
import { AwsError, awsCall } from './aws-errors.ts'
import { type CloudEnvironment, defaultRegion, variable } from './environment.ts'
import { secretsManager } from './secrets-manager-client.ts'

/** What a secret says about a login. RDS's own form carries more; a plain text is the password alone. */
export interface Login {
  readonly user?: string
  readonly password: string
}

export interface SecretOptions {
  /** The region of a secret named without an ARN; default the function's own. */
  readonly region?: string | undefined
  readonly signal?: AbortSignal
}

/**
 * A task's secret reference as a login. `env:NAME`, `file:/path`, or the ARN or name of a secret in Secrets Manager;
 * each holds either the plain password or the JSON RDS itself keeps: `{"username", "password", …}`.
 * @throws SampanError `SECRET_NOT_FOUND`, `SECRET_UNREADABLE` or an AWS error; never with the value in it
 */
export async function resolveSecret(
  reference: string,
  environment: CloudEnvironment,
  options: SecretOptions = {},
): Promise<Login> {
  const text = await readSecretText(reference, environment, options)
  const fields = jsonObject(text)
  if (!fields) return { password: text }
  const user = fields.username ?? fields.user
  if (typeof fields.password !== 'string' || fields.password === '') {
    throw unreadable(
      reference,
      'it is JSON without "password"',
      'store {"username": …, "password": …} or the bare password',
    )
  }
  return { password: fields.password, ...(typeof user === 'string' && user !== '' ? { user } : {}) }
}

/** The text behind a reference, e.g. a PEM certificate. One line end at the end of a file or variable is not part of it. */
export async function readSecretText(
  reference: string,
  environment: CloudEnvironment,
  options: SecretOptions = {},
): Promise<string> {
  const text = await readRaw(reference, environment, options)
  if (text === '') throw unreadable(reference, 'it is empty', 'store the value in it')
  return text
}

async function readRaw(reference: string, environment: CloudEnvironment, options: SecretOptions): Promise<string> {
  if (reference.startsWith('env:')) return fromVariable(reference, environment)
  if (reference.startsWith('file:')) return fromFile(reference)
  return fromSecretsManager(reference, environment, options)
}

function fromVariable(reference: string, environment: CloudEnvironment): string {
  const name = reference.slice('env:'.length)
  const value = variable(environment, name)
  if (value === undefined) throw notFound(reference, `set the variable ${name} for the process that runs the step`)
  return value.replace(/\r?\n$/, '')
}

async function fromFile(reference: string): Promise<string> {
  const path = reference.slice('file:'.length).replace(/^\/\/(?=\/)/, '')
  try {
    // The task's own path has been looked at; a link leads elsewhere.
    const refused = refusedFile(await realpath(path))
    if (refused !== null) throw unreadable(reference, refused.message, refused.remedy)
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '')
  } catch (error) {
    if (error instanceof SampanError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (code === 'ENOENT') throw notFound(reference, 'create the file, or correct its path in the task')
    throw unreadable(reference, code, 'make the file readable for the process that runs the step')
  }
}

async function fromSecretsManager(
  reference: string,
  environment: CloudEnvironment,
  options: SecretOptions,
): Promise<string> {
  // arn:aws:secretsmanager:REGION:account:secret:name
  const region = reference.startsWith('arn:') ? reference.split(':')[3] : options.region
  const { client, sdk } = await secretsManager(environment, region || defaultRegion(environment))
  try {
    const answer = await awsCall(`read the secret ${reference}`, () =>
      client.send(
        new sdk.GetSecretValueCommand({ SecretId: reference }),
        options.signal ? { abortSignal: options.signal } : {},
      ),
    )
    return answer.SecretString ?? Buffer.from(answer.SecretBinary ?? []).toString('utf8')
  } catch (error) {
    if (error instanceof AwsError && /ResourceNotFound/.test(error.awsCode)) {
      throw notFound(reference, 'correct its name or ARN in the task, and check the region')
    }
    throw error
  }
}

/** A password may begin with a brace: only what parses as an object is taken for one. */
function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function notFound(reference: string, remedy: string): SampanError {
  return new SampanError({ code: 'SECRET_NOT_FOUND', message: `there is no secret ${reference}`, remedy })
}

function unreadable(reference: string, why: string, remedy: string): SampanError {
  return new SampanError({ code: 'SECRET_UNREADABLE', message: `cannot use the secret ${reference}: ${why}`, remedy })
}
