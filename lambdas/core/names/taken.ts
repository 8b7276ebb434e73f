import type { NameCatalogue, NamedRelation } from './catalogue.ts'
import type { NameProblem } from './problem.ts'
import type { QualifiedName } from './renames.ts'

interface Names {
  readonly catalogue: NameCatalogue
  readonly chosen: readonly NamedRelation[]
  target(relation: NamedRelation): QualifiedName
  there(schema: string): string
}

/** What takes up a name on the destination. */
interface Taker extends QualifiedName {
  readonly space: 'relation' | 'type'
  readonly what: string
  readonly renamed: boolean
}

/**
 * Names that two objects would have. Tables, views, sequences, indexes and composite types share one space of names within a schema; their row types
 * share that of the types. What keeps its name is in the way as well.
 */
export function takenNames({ catalogue, chosen, target, there }: Names): readonly NameProblem[] {
  const byOid = new Map(chosen.map((one) => [one.oid, one]))
  const takers: Taker[] = chosen.flatMap((one): Taker[] => {
    const to = target(one)
    const renamed = to.name !== one.name || to.schema !== there(one.schema)
    const what = `${one.kind === 'S' ? 'sequence' : one.kind === 'v' || one.kind === 'm' ? 'view' : 'table'} ${one.schema}.${one.name}`
    const own = { ...to, what, renamed }
    return one.kind === 'S'
      ? [{ ...own, space: 'relation' }]
      : [
          { ...own, space: 'relation' },
          { ...own, space: 'type' },
        ]
  })
  for (const one of catalogue.relations) {
    const table = byOid.get(one.owner)
    const isIndex = one.kind === 'i' || one.kind === 'I'
    if (one.member || (isIndex ? table === undefined : one.kind !== 'c')) continue
    const schema = table === undefined ? there(one.schema) : target(table).schema
    const what = `${isIndex ? 'index' : 'type'} ${one.schema}.${one.name}`
    const own = { schema, name: one.name, what, renamed: schema !== there(one.schema) }
    takers.push({ ...own, space: 'relation' }, ...(isIndex ? [] : [{ ...own, space: 'type' } as const]))
  }
  for (const { schema, name } of catalogue.types) {
    takers.push({ schema: there(schema), name, space: 'type', what: `type ${schema}.${name}`, renamed: false })
  }
  const groups = Map.groupBy(takers, ({ space, schema, name }) => JSON.stringify([space, schema, name]))
  const texts = [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined || group.length < 2 || !group.some(({ renamed }) => renamed)) return []
    return [`${group.map(({ what }) => what).join(' and ')} would both be ${first.schema}.${first.name}`]
  })
  return [...new Set(texts)].map((text) => ({ code: 'NAME_TAKEN', text }))
}
