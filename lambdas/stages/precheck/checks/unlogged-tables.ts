import { type Check, count, findingOf } from '../check.ts'
import { chosenRelations } from '../facts/relations.ts'
import { shownName } from '../facts/sql.ts'

export const unloggedTables: Check = {
  code: 'UNLOGGED_TABLES',
  side: 'source',
  level: 'info',
  scope: 'database',
  ofObjects: true,
  needs: ['source'],
  title: 'no chosen table is unlogged',
  cause: 'unlogged tables are migrated as they are: they lose their rows when the destination crashes or fails over',
  remedy: 'nothing to do, unless they should be kept: ALTER TABLE … SET LOGGED',
  async run(context) {
    const relations = await context.fact(chosenRelations)
    return findingOf(
      relations
        .filter((one) => one.kind === 'r' && one.persistence === 'u')
        .map((one) => shownName(one.schema, one.name)),
      (number) => `${count(number, 'unlogged table')}`,
    )
  },
}
