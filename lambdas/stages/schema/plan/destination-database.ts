import type { Session } from '../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../../../core/postgres/identifiers.ts'
import { sqlFile } from '../../../core/postgres/sql-file.ts'
import { SampanError } from '../../../core/runtime/errors.ts'

const SOURCE_IDENTITY = sqlFile(new URL('../sql/source-identity.sql', import.meta.url))

/** What a database is made with. */
export interface DatabaseForm {
  readonly name: string
  readonly encoding: string
  readonly collate: string
  readonly ctype: string
  /** `c` libc, `i` ICU, `b` built in. */
  readonly provider: string
  /** The locale of a provider other than libc. */
  readonly locale: string | null
}

export async function readDatabaseForm(source: Session): Promise<DatabaseForm> {
  const [form] = await source.rows<DatabaseForm>(SOURCE_IDENTITY)
  if (form === undefined) throw new Error('a session without a database')
  return form
}

/** ICU for whole databases came with 15, the provider that is built in with 17. */
const PROVIDER_SINCE: Readonly<Record<string, number>> = { i: 150_000, b: 170_000 }

export function createDatabaseSql(name: string, form: DatabaseForm, serverVersion: number): string {
  const options = [
    'TEMPLATE template0',
    `ENCODING ${quoteLiteral(form.encoding)}`,
    `LC_COLLATE ${quoteLiteral(form.collate)}`,
    `LC_CTYPE ${quoteLiteral(form.ctype)}`,
  ]
  const since = PROVIDER_SINCE[form.provider]
  if (since !== undefined && serverVersion >= since && form.locale !== null) {
    const [provider, locale] = form.provider === 'i' ? ['icu', 'ICU_LOCALE'] : ['builtin', 'BUILTIN_LOCALE']
    options.push(`LOCALE_PROVIDER ${provider}`, `${locale} ${quoteLiteral(form.locale)}`)
  } else if (serverVersion >= 150_000) {
    // The default would be the template's provider.
    options.push('LOCALE_PROVIDER libc')
  }
  return `CREATE DATABASE ${quoteIdentifier(name)} ${options.join(' ')}`
}

/**
 * Makes the destination's database with the source's encoding and locale.
 * @param maintenance a session to another database of the destination
 * @returns false: there is one of this name
 * @throws SampanError `DST_CREATE_DATABASE_DENIED`, `DST_LOCALE_ABSENT`
 */
export async function createDatabase(maintenance: Session, name: string, form: DatabaseForm): Promise<boolean> {
  try {
    await maintenance.execute(createDatabaseSql(name, form, maintenance.serverVersion))
    return true
  } catch (thrown) {
    const state = thrown instanceof DatabaseError ? thrown.sqlState : null
    if (state === '42P04') return false
    if (state === '42501') throw denied(name, thrown)
    // Wrong object, invalid parameter: the locale or its provider is unknown to this server.
    if (state === '42809' || state === '22023' || state === '0A000') throw localeAbsent(name, form, thrown)
    throw thrown
  }
}

function denied(name: string, cause: unknown): SampanError {
  return new SampanError({
    code: 'DST_CREATE_DATABASE_DENIED',
    message: `the destination has no database "${name}", and the account may not create one`,
    remedy: 'create it in the ApsaraDB console, or give the account CREATEDB',
    cause,
  })
}

function localeAbsent(name: string, form: DatabaseForm, cause: unknown): SampanError {
  const locale = form.locale ?? form.collate
  return new SampanError({
    code: 'DST_LOCALE_ABSENT',
    message: `the destination cannot make "${name}" with the source’s encoding ${form.encoding} and locale ${locale}`,
    remedy: 'create the database by hand with the nearest locale; texts may then sort in another order',
    cause,
  })
}
