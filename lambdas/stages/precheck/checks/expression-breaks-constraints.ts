import { type Check, count, findingOf } from '../check.ts'
import { type BrokenConstraint, brokenConstraints } from '../facts/broken-constraints.ts'
import { shownName } from '../facts/sql.ts'
import { requireExpressions } from '../facts/table-changes.ts'
import { fateOfKey } from './filter-breaks-keys.ts'

export const expressionBreaksConstraints: Check = {
  code: 'EXPRESSION_BREAKS_CONSTRAINTS',
  side: 'source',
  level: 'warning',
  scope: 'database',
  needs: ['source', 'destination'],
  title: 'what the task computes keeps the keys, exclusions, CHECKs and NOT NULLs of its columns',
  cause: 'values that the task computes break a key, an exclusion, a CHECK or a NOT NULL of their columns',
  remedy:
    'mend the expression (both columns of a foreign key need the same one); or acknowledge: what is said of each constraint comes about',
  async run(context) {
    requireExpressions(context)
    const broken = (await context.fact(brokenConstraints)).filter(({ computed }) => computed)
    return findingOf(broken.map(lineOf), (number) => `${count(number, 'constraint')} that computed values do not keep`)
  },
}

function lineOf(broken: BrokenConstraint): string {
  const { constraint, table, parent, rows } = broken
  const known = typeof rows === 'number'
  const many = known ? `${count(rows, 'row')} ${HOW[constraint.kind]}` : `not known for how many rows: ${rows}`
  const to = parent === null ? '' : `, to ${shownName(parent.schema, parent.name)}`
  const place = shownName(table.schema, table.name)
  const name =
    constraint.kind === 'not null'
      ? `NOT NULL of ${shownName(table.schema, table.name, ...constraint.columns)}`
      : `${shownName(constraint.name)} of ${place}${to}`
  return `${name}: ${many}; ${known ? '' : 'if there are any, '}${fateOf(broken)}`
}

const HOW = {
  foreign: 'whose computed values have no parent',
  unique: 'more than the key can tell apart',
  exclusion: 'that another one excludes',
  check: 'not passing it',
  'not null': 'without a value',
} as const

function fateOf(broken: BrokenConstraint): string {
  switch (broken.constraint.kind) {
    case 'foreign':
      return `the key ${fateOfKey(broken)}`
    case 'unique':
      return 'the key cannot be made, and fails'
    case 'exclusion':
      return 'the constraint cannot be made, and fails'
    default:
      return 'the destination refuses the rows'
  }
}
