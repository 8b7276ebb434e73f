import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { type Parameters, toKeyword } from './connection-string.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The settings of a service: of PGSERVICEFILE, or of ~/.pg_service.conf and then of pg_service.conf in PGSYSCONFDIR
 * (https://www.postgresql.org/docs/current/libpq-pgservice.html).
 * @throws SampanError TASK_SERVICE_UNKNOWN, TASK_SERVICE_FILE_UNREADABLE, TASK_SERVICE_FILE_INVALID, TASK_URL_PARAMETER
 */
export async function readService(name: string, environment: Environment): Promise<Parameters> {
  const own = environment.PGSERVICEFILE
  const system = environment.PGSYSCONFDIR
  const home = join(environment.HOME || homedir(), '.pg_service.conf')
  const files = own ? [own] : [home, ...(system ? [join(system, 'pg_service.conf')] : [])]
  for (const file of files) {
    const text = await readText(file, own !== undefined && own !== '')
    const found = text === null ? null : findService(text, name, file)
    if (found !== null) return found
  }
  throw new SampanError({
    code: 'TASK_SERVICE_UNKNOWN',
    message: `there is no service ${JSON.stringify(name)} in ${files.join(' or ')}`,
    remedy: 'mend the name, or set PGSERVICEFILE to the file that has it',
  })
}

/** @returns `null` where there is no such file and nobody has named it */
async function readText(file: string, isNamed: boolean): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    if (code === 'ENOENT' && !isNamed) return null
    throw new SampanError({
      code: 'TASK_SERVICE_FILE_UNREADABLE',
      message: `the service file ${file} cannot be read (${code})`,
      remedy: 'mend PGSERVICEFILE, or give this user the right to read the file',
      cause,
    })
  }
}

function findService(text: string, name: string, file: string): Parameters | null {
  const read: Record<string, string> = {}
  let section: string | null = null
  let isThere = false
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const [, heading] = /^\[(.*)\]$/.exec(line) ?? []
    if (heading !== undefined) {
      section = heading
      isThere ||= section === name
      continue
    }
    if (section !== name) continue
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? []
    // A service that names another one, and LDAP, are not looked up.
    if (key === undefined || value === undefined || key === 'service') throw invalid(file, index + 1)
    read[toKeyword(key, `the service ${name}`)] ??= value
  }
  return isThere ? read : null
}

function invalid(file: string, line: number): SampanError {
  return new SampanError({
    code: 'TASK_SERVICE_FILE_INVALID',
    message: `line ${line} of ${file} is not of the form keyword=value`,
    remedy: 'write one keyword=value a line; ldap:// lines and service= within a service are not followed',
  })
}
