import { type Check, count, findingOf } from '../check.ts'
import { chosenRelations } from '../facts/relations.ts'
import { shownName } from '../facts/sql.ts'

export const tablesWithoutKey: Check = {
  code: 'TABLES_WITHOUT_KEY',
  side: 'source',
  level: 'info',
  scope: 'database',
  needs: ['source'],
  title: 'every chosen table has a primary key or a unique index',
  cause: 'tables have no key; DTS may duplicate their rows, Sampan copies them exactly once',
  remedy: 'nothing to do; a key helps other tools',
  async run(context) {
    const relations = await context.fact(chosenRelations)
    return findingOf(
      relations.filter((one) => one.kind === 'r' && !one.hasKey).map((one) => shownName(one.schema, one.name)),
      (number) => `${count(number, 'table has', 'tables have')} no key`,
    )
  },
}
