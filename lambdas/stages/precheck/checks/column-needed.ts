import { needText, readColumnNeeds } from '../../../core/names/column-needs.ts'
import { type Check, count, findingOf, passed } from '../check.ts'
import { excludedByKind } from '../facts/named-objects.ts'
import { newNames } from '../facts/names.ts'
import { isChosen } from '../facts/relations.ts'

/** PlanObjects has the server say so, in the copy in which the columns are dropped. */
export const columnNeeded: Check = {
  code: 'COLUMN_NEEDED',
  side: 'source',
  level: 'error',
  scope: 'database',
  needs: ['source'],
  title: 'nothing that comes needs a column that stays behind',
  cause:
    'a view, policy, rule, trigger, generated column, function or publication that comes needs a column that the task excludes',
  remedy: 'exclude what needs it too (views by their names, others by their kind), or let the column come',
  async run(context) {
    const renames = await context.fact(newNames)
    const relations = [...(renames?.relations.values() ?? [])].filter(({ excluded }) => excluded.length > 0)
    if (relations.length === 0) return passed
    const [needs, chosen, excluded] = await Promise.all([
      readColumnNeeds(context.source, relations),
      context.fact(isChosen),
      context.fact(excludedByKind),
    ])
    const comes = needs.filter(
      ({ classid, objid, ofSchema, ofName }) =>
        (ofSchema === null || ofName === null || chosen(ofSchema, ofName)) && !excluded.has(`o${classid}.${objid}`),
    )
    return findingOf(comes.map(needText), (number) => `${count(number, 'object')} that come need excluded columns`)
  },
}
