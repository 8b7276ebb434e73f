import { type Check, count, findingOf } from '../check.ts'
import { choice } from '../facts/relations.ts'
import { shownName } from '../facts/sql.ts'

const WORDS: Readonly<Record<string, string>> = {
  r: 'table',
  p: 'table',
  v: 'view',
  m: 'materialized view',
  S: 'sequence',
  f: 'foreign table',
}

/** PlanObjects tells the same, for the report. */
export const comesAlong: Check = {
  code: 'COMES_ALONG',
  side: 'source',
  level: 'info',
  scope: 'database',
  ofObjects: true,
  needs: ['source'],
  title: 'only tables, views and sequences that the task names are chosen',
  cause:
    'something that the task names needs tables, views or sequences that it does not name: they come along, with their rows',
  remedy: 'nothing to do; to keep them away exclude them, and what needs them',
  async run(context) {
    const { along } = await context.fact(choice)
    return findingOf(
      along.map(({ kind, schema, name }) => `${WORDS[kind] ?? kind} ${shownName(schema, name)}`),
      (number) => `${count(number, 'object')} that no pattern names will come along`,
    )
  },
}
