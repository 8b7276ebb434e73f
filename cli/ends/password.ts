import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'

interface Login {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

/**
 * The password of a login that nobody has given one for: PGPASSWORD, else the first line of PGPASSFILE (~/.pgpass) that fits, as psql does
 * (https://www.postgresql.org/docs/current/libpq-pgpass.html). The package that `pg` looks it up with takes the last line that fits.
 * @throws SampanError TASK_PGPASS_UNSAFE where others may read that file: libpq would ignore it
 */
export async function findPassword(login: Login): Promise<string | null> {
  if (process.env.PGPASSWORD) return process.env.PGPASSWORD
  const file = process.env.PGPASSFILE || defaultFile()
  const found = await stat(file).catch(() => null)
  if (found === null) return null
  if (!found.isFile() || (process.platform !== 'win32' && (found.mode & 0o077) !== 0)) {
    throw new SampanError({
      code: 'TASK_PGPASS_UNSAFE',
      message: `${file} is no plain file, or others than its owner may read it`,
      remedy: `chmod 0600 ${file}`,
    })
  }
  return passwordIn(await readFile(file, 'utf8'), login)
}

function defaultFile(): string {
  const { APPDATA, HOME } = process.env
  return process.platform === 'win32' && APPDATA
    ? join(APPDATA, 'postgresql', 'pgpass.conf')
    : join(HOME || homedir(), '.pgpass')
}

/** Lines are `host:port:database:user:password`; `*` fits anything, and a backslash takes a colon or backslash as it is. */
function passwordIn(text: string, { host, port, database, user }: Login): string | null {
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue
    const fields = line.match(/(?:\\.|[^:\\])+|(?<=:)(?=:)/g) ?? []
    const password = fields[4]
    const fits = [host, String(port), database, user].every(
      (value, index) => fields[index] === '*' || unescaped(fields[index] ?? '') === value,
    )
    if (fits && password !== undefined) return unescaped(password)
  }
  return null
}

const unescaped = (field: string): string => field.replaceAll(/\\(.)/g, '$1')
