import { type Check, findingOf } from '../check.ts'
import { destinationLocale, type Locale, plainLocale, sourceLocale } from '../facts/locale.ts'

export const collationDiffers: Check = {
  code: 'COLLATION_DIFFERS',
  side: 'both',
  level: 'warning',
  scope: 'database',
  needs: ['source', 'destination'],
  title: 'both databases order text alike',
  cause:
    'the databases have different locales: ORDER BY and upper() give other results; indexes are built anew and are right',
  remedy: 'create the destination database with the source’s locale, or acknowledge this code',
  async run(context) {
    const [from, to] = await Promise.all([context.fact(sourceLocale), context.fact(destinationLocale)])
    const differences = (['collate', 'ctype', 'provider', 'locale', 'rules'] as const)
      .filter((field) => shown(from, field) !== shown(to, field))
      .map((field) => `${field}: ${shown(from, field)} on the source, ${shown(to, field)} on the destination`)
    return findingOf(differences, () =>
      context.destinationMissing
        ? 'the database that is to be created would get another locale'
        : 'the locales of the two databases differ',
    )
  },
}

function shown(locale: Locale, field: 'collate' | 'ctype' | 'provider' | 'locale' | 'rules'): string {
  const value = locale[field]
  if (field === 'provider') return value === 'i' ? 'icu' : value === 'b' ? 'builtin' : 'libc'
  if (field === 'rules') return value ?? 'none'
  return value === null ? 'none' : plainLocale(value)
}
