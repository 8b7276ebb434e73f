import type { Session } from '../../../../core/postgres/connect.ts'
import { type DatabaseLocale, localeMadeBy } from '../../../../core/postgres/database-locale.ts'
import { DatabaseError } from '../../../../core/postgres/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../../../../core/postgres/identifiers.ts'
import { sqlFile } from '../../../../core/postgres/sql-file.ts'
import { SampanError } from '../../../../core/runtime/errors.ts'

const SOURCE_IDENTITY = sqlFile(new URL('../../sql/source-identity.sql', import.meta.url))

/** What a database is made with. */
export interface DatabaseForm extends DatabaseLocale {
  readonly name: string
  readonly encoding: string
}

export async function readDatabaseForm(source: Session): Promise<DatabaseForm> {
  const [form] = await source.rows<DatabaseForm>(SOURCE_IDENTITY)
  if (form === undefined) throw new Error('a session without a database')
  return form
}

/** A provider that the server is too old for becomes libc, which the precheck has told (`COLLATION_DIFFERS`). */
export function createDatabaseSql(name: string, wanted: DatabaseForm, serverVersion: number): string {
  const form = localeMadeBy(wanted, serverVersion)
  const options = [
    'TEMPLATE template0',
    `ENCODING ${quoteLiteral(form.encoding)}`,
    `LC_COLLATE ${quoteLiteral(form.collate)}`,
    `LC_CTYPE ${quoteLiteral(form.ctype)}`,
  ]
  if (form.provider === 'c') {
    // The default would be the template's provider.
    if (serverVersion >= 150_000) options.push('LOCALE_PROVIDER libc')
  } else {
    const [provider, locale] = form.provider === 'i' ? ['icu', 'ICU_LOCALE'] : ['builtin', 'BUILTIN_LOCALE']
    options.push(`LOCALE_PROVIDER ${provider}`)
    if (form.locale !== null) options.push(`${locale} ${quoteLiteral(form.locale)}`)
    if (form.rules !== null) options.push(`ICU_RULES ${quoteLiteral(form.rules)}`)
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
