import { type Check, count, findingOf } from '../check.ts'
import { type BrokenConstraint, brokenConstraints } from '../facts/broken-constraints.ts'
import { shownName } from '../facts/sql.ts'
import { requireFilters } from '../facts/table-changes.ts'

export const filterBreaksKeys: Check = {
  code: 'FILTER_BREAKS_KEYS',
  side: 'source',
  level: 'warning',
  scope: 'database',
  needs: ['source', 'destination'],
  title: 'no row that comes refers to one that a filter keeps away',
  cause: 'rows come whose parents a filter keeps away: the foreign keys do not hold on the destination',
  remedy:
    'say in "keys" of the table "follow" (these rows stay behind too), "leave" or "not valid"; or acknowledge: what is said of each key comes about',
  async run(context) {
    requireFilters(context)
    const broken = (await context.fact(brokenConstraints)).filter(({ computed }) => !computed)
    return findingOf(broken.map(lineOf), (number) => `${count(number, 'foreign key')} to rows that a filter keeps away`)
  },
}

function lineOf({ constraint, table, parent, rows, notValid }: BrokenConstraint): string {
  const known = typeof rows === 'number'
  const many = known ? `${count(rows, 'row')} whose parent stays behind` : `not known for how many rows: ${rows}`
  const to = parent === null ? '' : `, to ${shownName(parent.schema, parent.name)}`
  const key = `${shownName(constraint.name)} of ${shownName(table.schema, table.name)}${to}`
  return `${key}: ${many}; ${known ? 'the key' : 'if there are any, the key'} ${fateOfKey({ notValid })}`
}

/** What becomes of a foreign key that rows do not hold. */
export function fateOfKey({ notValid }: Pick<BrokenConstraint, 'notValid'>): string {
  return notValid ? 'is made NOT VALID' : 'cannot be made, and fails'
}
