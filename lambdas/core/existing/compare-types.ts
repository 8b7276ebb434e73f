import { withoutKeywordQuotes } from '../postgres/identifiers.ts'
import type { Meeting } from './meetings.ts'
import { nameKey, type UserType } from './tables.ts'

/** How a type that stays on the destination differs from the source's of that name. */
export interface TypeDifference {
  /** `refused`: a value of it would mean something else there, or not be one. `told`: values mean the same. */
  readonly weight: 'refused' | 'told'
  /** For people: `type public.pair: (a integer, b integer) on the source, (b integer, a integer) on the destination`. */
  readonly text: string
}

/**
 * Compares the types that columns are of, through arrays, domains, composites and ranges. Types that tables there need stay as they are,
 * also where a table is dropped; values travel by the place of their fields, and two composites of one name read each other's without a
 * word. Pure.
 * @param named the source's type as the destination writes it
 */
export function compareTypes(meetings: readonly Meeting[], named: (type: string) => string): readonly TypeDifference[] {
  const typeThere = (type: string) => withoutKeywordQuotes(named(type))
  const standing = new Map(meetings.flatMap(({ there }) => there.types.map(alike).map((type) => [type.name, type])))
  const ours = new Map(meetings.flatMap(({ source }) => source.types.map((type) => [type.name, type] as const)))
  const chosen = new Map(meetings.map((one) => [nameKey(one.chosen), one.chosen]))
  return [...ours.values()].flatMap((type) => {
    const there = standing.get(typeThere(type.name))
    if (there === undefined) return []
    const table = type.table === null ? undefined : chosen.get(nameKey(type.table))
    const fields = type.fields.flatMap((field) => {
      if (table?.excluded.includes(field.name) === true) return []
      return [{ name: table?.columns.get(field.name) ?? field.name, type: typeThere(field.type) }]
    })
    return differences({ ...type, fields }, there)
  })
}

/** As a type of the source is compared with it. */
function alike(type: UserType): UserType {
  const fields = type.fields.map((field) => ({ ...field, type: withoutKeywordQuotes(field.type) }))
  return { ...type, name: withoutKeywordQuotes(type.name), fields }
}

function differences(source: UserType, there: UserType): readonly TypeDifference[] {
  const differs = (weight: TypeDifference['weight'], ours: string, theirs: string): TypeDifference => {
    return { weight, text: `type ${there.name}: ${ours} on the source, ${theirs} on the destination` }
  }
  if (source.kind !== there.kind) return [differs('refused', KINDS[source.kind], KINDS[there.kind])]
  const [ours, theirs] = [shown(source), shown(there)]
  return [
    ...(ours === theirs ? [] : [differs('refused', ours, theirs)]),
    ...labels(source, there),
    ...(source.rules.join('\0') === there.rules.join('\0') ? [] : [differs('told', rules(source), rules(there))]),
  ]
}

function labels(source: UserType, there: UserType): readonly TypeDifference[] {
  const missing = source.labels.filter((label) => !there.labels.includes(label))
  const more = there.labels.filter((label) => !source.labels.includes(label))
  const both = there.labels.filter((label) => source.labels.includes(label))
  const ours = source.labels.filter((label) => there.labels.includes(label))
  const of = (weight: TypeDifference['weight'], text: string) => ({ weight, text: `type ${there.name}: ${text}` })
  return [
    ...(missing.length > 0 ? [of('refused', `the destination lacks the labels ${missing.join(', ')}`)] : []),
    ...(more.length > 0 ? [of('told', `only the destination has the labels ${more.join(', ')}`)] : []),
    ...(both.join('\0') === ours.join('\0') ? [] : [of('told', 'its labels have another order on the destination')]),
  ]
}

const KINDS: Readonly<Record<UserType['kind'], string>> = {
  c: 'a composite type',
  d: 'a domain',
  e: 'an enum',
  r: 'a range',
}

function shown({ kind, fields }: UserType): string {
  const text = fields.map(({ name, type }) => (name === '' ? type : `${name} ${type}`)).join(', ')
  return kind === 'c' ? `(${text})` : text
}

function rules({ rules: all }: UserType): string {
  return all.length === 0 ? 'no rule' : all.join(' ')
}
