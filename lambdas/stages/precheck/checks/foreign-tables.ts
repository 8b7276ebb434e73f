import { type Check, count, findingOf } from '../check.ts'
import { chosenRelations } from '../facts/relations.ts'
import { shownName } from '../facts/sql.ts'

export const foreignTables: Check = {
  code: 'FOREIGN_TABLES',
  side: 'source',
  level: 'info',
  scope: 'database',
  ofObjects: true,
  needs: ['source'],
  title: 'no chosen table is a foreign table',
  cause:
    'foreign tables are migrated as definitions: rows stay where they are, and only a superuser reads the passwords of user mappings',
  remedy: 'set the passwords again (ALTER USER MAPPING), and see that the destination reaches the foreign server',
  async run(context) {
    const relations = await context.fact(chosenRelations)
    return findingOf(
      relations.filter((one) => one.kind === 'f').map((one) => shownName(one.schema, one.name)),
      (number) => `${count(number, 'foreign table')}`,
    )
  },
}
