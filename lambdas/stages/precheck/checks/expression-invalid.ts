import type { Check } from '../check.ts'
import { shownName } from '../facts/sql.ts'
import { judgedChanges, requireExpressions } from '../facts/table-changes.ts'

/** PlanObjects judges them once more, in the view that it plans. */
export const expressionInvalid: Check = {
  code: 'EXPRESSION_INVALID',
  side: 'source',
  level: 'error',
  scope: 'database',
  needs: ['source'],
  title: 'every expression gives one value of its column’s type for each row, the same whoever reads it',
  cause:
    'an "expression" of the task is none on the table’s columns, loses something, depends on the clock, chance or other tables, or stops at a child by INHERITS',
  remedy:
    'write one on its own columns, for a child by INHERITS too: literals for now(), no subquery, a cast where it rounds or converts: (a * 2)::numeric(12,2)',
  async run(context) {
    requireExpressions(context)
    const { expressions } = await context.fact(judgedChanges)
    return expressions.map(({ table, name, column, expression, why }) => ({
      cause: `the expression for ${table === null ? `${name}.${column}` : shownName(table.schema, table.name, column)} cannot be used: ${why}`,
      details: [`"${name}": "${column}": ${expression}`],
    }))
  },
}
