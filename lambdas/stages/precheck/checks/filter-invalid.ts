import type { Check } from '../check.ts'
import { shownName } from '../facts/sql.ts'
import { judgedChanges, requireFilters } from '../facts/table-changes.ts'

/** PlanObjects judges them once more, in the view that it plans. */
export const filterInvalid: Check = {
  code: 'FILTER_INVALID',
  side: 'source',
  level: 'error',
  scope: 'database',
  needs: ['source'],
  title: 'every row filter is an immutable condition on its table’s own columns',
  cause:
    'a "where" of the task is no condition on the table’s columns, or its value depends on the clock, on settings or on other tables',
  remedy:
    'write one condition on its own columns: literals in place of now() and the like, no subquery, only immutable functions and casts',
  async run(context) {
    requireFilters(context)
    const { filters } = await context.fact(judgedChanges)
    return filters.map(({ filter, table, why }) => ({
      cause: `the filter of ${shownName(table.schema, table.name)} cannot be used: ${why}`,
      details: [`"${filter.name}": ${filter.where}`],
    }))
  },
}
