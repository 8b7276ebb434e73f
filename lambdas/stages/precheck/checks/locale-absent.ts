import { DatabaseError } from '../../../core/postgres/errors.ts'
import { quoteLiteral } from '../../../core/postgres/identifiers.ts'
import { undone } from '../../../core/postgres/undone.ts'
import { type Check, passed } from '../check.ts'
import { sourceLocale } from '../facts/locale.ts'

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
    const { collate, ctype, encoding } = await context.fact(sourceLocale)
    try {
      await undone(
        context.destinationServer,
        // A database has its locale checked when it is made; a collation of the same locale has it checked the same way.
        `CREATE COLLATION pg_temp.sampan_probe (LC_COLLATE = ${quoteLiteral(collate)}, LC_CTYPE = ${quoteLiteral(ctype)})`,
      )
      return passed
    } catch (thrown) {
      const unknown = thrown instanceof DatabaseError && (thrown.sqlState === '22023' || thrown.sqlState === '42704')
      if (!unknown) throw thrown
      return [{ cause: `the destination does not know the locale ${collate} (encoding ${encoding})` }]
    }
  },
}
