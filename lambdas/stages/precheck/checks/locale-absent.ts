import { DatabaseError } from '../../../core/postgres/errors.ts'
import { quoteLiteral } from '../../../core/postgres/identifiers.ts'
import { undone } from '../../../core/postgres/undone.ts'
import { type Check, passed } from '../check.ts'
import { destinationLocale, type Locale, sourceLocale } from '../facts/locale.ts'

export const localeAbsent: Check = {
  code: 'DST_LOCALE_ABSENT',
  side: 'destination',
  level: 'error',
  scope: 'database',
  needs: ['source', 'destination'],
  title: 'the destination’s server knows the locale of the source database',
  cause: 'the destination database is to be created, and its server does not know the source’s locale',
  remedy: 'create the database by hand with the nearest locale; texts may then sort in another order',
  async run(context) {
    if (!context.destinationMissing) return passed
    const [from, to] = await Promise.all([context.fact(sourceLocale), context.fact(destinationLocale)])
    const unknown: string[] = []
    for (const [name, options] of collationsOf(to)) {
      // A database has its locale checked when it is made; a collation of the same locale has it checked the same way.
      const probe = `CREATE COLLATION pg_temp.sampan_probe (${options})`
      await undone(context.destinationServer, probe).catch((thrown: unknown) => {
        if (!isUnknown(thrown)) throw thrown
        unknown.push(name)
      })
    }
    return unknown.map((name) => ({
      cause: `the destination does not know the locale ${name} (encoding ${from.encoding})`,
    }))
  },
}

/** The server's own language, which an ICU or builtin database has too, and that provider's. */
function collationsOf({ collate, ctype, provider, locale, rules }: Locale): readonly (readonly [string, string])[] {
  const libc = [collate, `LC_COLLATE = ${quoteLiteral(collate)}, LC_CTYPE = ${quoteLiteral(ctype)}`] as const
  if (provider === 'c' || locale === null) return [libc]
  const [word, name] = provider === 'i' ? ['icu', `${locale} of ICU`] : ['builtin', `${locale}, built in`]
  const tailored = rules === null ? '' : `, RULES = ${quoteLiteral(rules)}`
  return [libc, [name, `PROVIDER = ${word}, LOCALE = ${quoteLiteral(locale)}${tailored}`]]
}

const UNKNOWN = new Set(['22023', '42704', '42809', '0A000'])

function isUnknown(thrown: unknown): boolean {
  return thrown instanceof DatabaseError && UNKNOWN.has(thrown.sqlState ?? '')
}
