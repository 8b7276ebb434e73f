import type { Session } from '../../../core/postgres/connect.ts'
import { byLibc, type DatabaseLocale, localeMadeBy } from '../../../core/postgres/database-locale.ts'
import type { CheckContext } from '../context.ts'
import { destinationRole } from './role.ts'

/** How a database stores and orders text. */
export interface Locale extends DatabaseLocale {
  readonly encoding: string
}

export function sourceLocale(context: CheckContext): Promise<Locale> {
  return readLocale(context.source)
}

/** The destination database's; of one that is still to be made what it will be, by the account or, by libc, by the cloud's API. */
export async function destinationLocale(context: CheckContext): Promise<Locale> {
  if (!context.destinationMissing) return readLocale(context.destination)
  const [from, role] = await Promise.all([context.fact(sourceLocale), context.fact(destinationRole)])
  if (role.superuser || role.createDatabase) return localeMadeBy(from, context.destinationServer.serverVersion)
  return byLibc(from)
}

async function readLocale(session: Session): Promise<Locale> {
  const version = session.serverVersion
  const provider = version >= 150_000 ? 'datlocprovider::text' : `'c'`
  const locale = version >= 170_000 ? 'datlocale' : version >= 150_000 ? 'daticulocale' : 'NULL::text'
  const rules = version >= 160_000 ? 'daticurules' : 'NULL::text'
  const [row] = await session.rows<Locale>(`
    SELECT pg_catalog.pg_encoding_to_char(encoding) AS encoding, datcollate AS collate, datctype AS ctype,
           ${provider} AS provider, ${locale} AS locale, ${rules} AS rules
      FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`)
  if (row === undefined) throw new TypeError('the current database is not in pg_database')
  return row
}

/** The locale in one form: "en_US.UTF-8" and "en_US.utf8" are one, as are C and POSIX. */
export function plainLocale(name: string): string {
  const [language = '', encoding = ''] = name.split('.')
  if (language === 'POSIX' || language === 'C') return encoding === '' ? 'C' : `C.${plainEncoding(encoding)}`
  return encoding === '' ? language : `${language}.${plainEncoding(encoding)}`
}

function plainEncoding(encoding: string): string {
  return encoding.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}
