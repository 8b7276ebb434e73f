import { type Check, count, findingOf } from '../check.ts'
import { shownName } from '../facts/sql.ts'
import { refusedChoices } from '../facts/table-changes.ts'

/** PlanObjects looks once more, in the view that it plans. */
export const keyChoiceImpossible: Check = {
  code: 'KEY_CHOICE_IMPOSSIBLE',
  side: 'source',
  level: 'error',
  scope: 'database',
  needs: ['source', 'destination'],
  title: 'what "keys" says of a foreign key can be',
  cause:
    'a key of a partitioned table is to be NOT VALID, which servers before 18 do not know; or rows are to follow parents that do not come, or themselves',
  remedy: 'say "leave" of the key, or filter its rows by a condition of their own',
  async run(context) {
    const refused = await refusedChoices(context)
    const lines = refused.map(
      ({ key, why }) => `${shownName(key.name)} of ${key.choice.name}: "${key.choice.choice}" cannot be, ${why}`,
    )
    return findingOf(lines, (number) => `${count(number, 'foreign key')} for which the task says what cannot be`)
  },
}
