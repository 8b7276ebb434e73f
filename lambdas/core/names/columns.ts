import { inCase, type NameWishes } from '../task/names.ts'
import { suggest } from '../task/suggest.ts'
import type { NamedRelation } from './catalogue.ts'
import type { NameProblem } from './problem.ts'
import type { RenamedRelation } from './renames.ts'
import { shown } from './words.ts'

/** Columns that every table has without having them; `oid` before 12. */
const SYSTEM = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid', 'oid'])

type Columns = Pick<RenamedRelation, 'columns' | 'own' | 'excluded' | 'dropped'>

/** The columns’ new names, by relation. An inherited column has the name that its parent’s has: the server carries it along. */
export function resolveColumns(
  wishes: NameWishes,
  chosen: readonly NamedRelation[],
  problems: NameProblem[],
): ReadonlyMap<number, Columns> {
  const byOid = new Map(chosen.map((one) => [one.oid, one]))
  const wanted = columnsWanted(wishes, chosen, problems)
  const left = columnsLeft(wishes, chosen)
  const wish = (one: NamedRelation, column: string) =>
    wanted.get(one.oid)?.get(column) ?? inCase(column, wishes.case, 'column')
  /** Where a column comes from: the relations, itself or above it, that have it from nobody. */
  const origins = (one: NamedRelation, column: string): readonly NamedRelation[] => {
    if (!one.inherited.includes(column)) return [one]
    const parents = one.parents.flatMap((oid) => byOid.get(oid) ?? [])
    const above = parents.filter(({ columns }) => columns.includes(column))
    return [...new Set(above.flatMap((parent) => origins(parent, column)))]
  }
  const found = new Map<number, Columns>()
  for (const one of chosen) {
    const columns = new Map<string, string>()
    const own: string[] = []
    const excluded: string[] = []
    const dropped: string[] = []
    for (const column of one.columns) {
      const [origin = one, ...others] = origins(one, column)
      const to = wish(origin, column)
      const explicit = wanted.get(one.oid)?.get(column)
      if ([one, origin, ...others].some(({ oid }) => left.get(oid)?.has(column))) {
        problems.push(...whyNotExcluded(one, column, [origin, ...others], left))
        excluded.push(column)
        if (origin === one) dropped.push(column)
        continue
      }
      if (others.length > 0 && [origin, ...others].some((parent) => wish(parent, column) !== column)) {
        const parents = [origin, ...others].map(shown).join(' and ')
        problems.push({
          code: 'NAME_INHERITED',
          text: `the column ${column} of ${shown(one)} comes from ${parents}: the server renames it at neither of them`,
        })
      } else if (explicit !== undefined && explicit !== to) {
        problems.push({
          code: 'NAME_INHERITED',
          text: `the column ${column} of ${shown(one)} is inherited: it is called as that of ${shown(origin)}, where it can be renamed`,
        })
      }
      if (to === column) continue
      if (origin.typed) {
        problems.push({
          code: 'NAME_OF_TYPE',
          text: `the column ${column} of ${shown(one)} is an attribute of the type that the table is of`,
        })
      }
      if (SYSTEM.has(to)) {
        problems.push({
          code: 'NAME_RESERVED',
          text: `the column ${column} of ${shown(one)} cannot be ${to}, which is a column of the server’s own`,
        })
      }
      columns.set(column, to)
      if (origin === one) own.push(column)
    }
    problems.push(...collisions(one, columns, excluded))
    if (columns.size + excluded.length > 0) found.set(one.oid, { columns, own, excluded, dropped })
  }
  return found
}

/** Columns that are to stay behind, by relation. */
function columnsLeft(
  { tables }: NameWishes,
  chosen: readonly NamedRelation[],
): ReadonlyMap<number, ReadonlySet<string>> {
  const left = new Map<number, Set<string>>()
  for (const { matches, columns } of tables) {
    const names = Object.entries(columns).flatMap(([column, { exclude }]) => (exclude === true ? [column] : []))
    for (const one of chosen.filter(({ schema, name }) => matches(schema, name))) {
      for (const column of names)
        if (one.columns.includes(column)) left.set(one.oid, (left.get(one.oid) ?? new Set()).add(column))
    }
  }
  return left
}

function whyNotExcluded(
  one: NamedRelation,
  column: string,
  origins: readonly NamedRelation[],
  left: ReadonlyMap<number, ReadonlySet<string>>,
): readonly NameProblem[] {
  const what = `the column ${column} of ${shown(one)}`
  const kept = origins.filter((origin) => left.get(origin.oid)?.has(column) !== true)
  const why = !/^[rpf]$/.test(one.kind)
    ? 'it is a view’s, whose query says what it has'
    : one.typed
      ? 'it is an attribute of the type that the table is of'
      : kept.length > 0
        ? `it is inherited from ${kept.map(shown).join(' and ')}, where it can be excluded`
        : one.held
          ? 'rows of this table are values of a column elsewhere, and would be of another form'
          : null
  return why === null ? [] : [{ code: 'COLUMN_NOT_EXCLUDABLE', text: `${what} cannot stay behind: ${why}` }]
}

/** Of one relation. */
function collisions(
  one: NamedRelation,
  columns: ReadonlyMap<string, string>,
  excluded: readonly string[],
): readonly NameProblem[] {
  const standing = one.columns.filter((column) => !excluded.includes(column))
  const targets = Map.groupBy(standing, (column) => columns.get(column) ?? column)
  return [...targets].flatMap(([to, from]): NameProblem[] =>
    from.length < 2
      ? []
      : [{ code: 'NAME_TAKEN', text: `the columns ${from.join(' and ')} of ${shown(one)} would both be ${to}` }],
  )
}

/** Names that columns are given one by one. */
function columnsWanted(
  { tables }: NameWishes,
  chosen: readonly NamedRelation[],
  problems: NameProblem[],
): ReadonlyMap<number, ReadonlyMap<string, string>> {
  const wanted = new Map<number, Map<string, string>>()
  for (const { pattern, matches, columns } of tables) {
    const named = chosen.filter(({ schema, name }) => matches(schema, name))
    for (const [column, { as }] of Object.entries(columns)) {
      const having = named.filter((one) => one.columns.includes(column))
      if (having.length === 0 && named.length > 0) {
        const near = suggest(
          column,
          named.flatMap((one) => one.columns),
        )
        problems.push({
          code: 'NAME_UNKNOWN',
          text: `"${column}" of "${pattern}" is no column there${near === null ? '' : `; there is ${near}`}`,
        })
      }
      if (as === undefined) continue
      for (const one of having) {
        const before = wanted.get(one.oid)?.get(column)
        if (before !== undefined && before !== as) {
          problems.push({
            code: 'NAME_AMBIGUOUS',
            text: `the column ${column} of ${shown(one)} is given two names, one of them by "${pattern}"`,
          })
        }
        wanted.set(one.oid, (wanted.get(one.oid) ?? new Map<string, string>()).set(column, as))
      }
    }
  }
  return wanted
}
