import { inCase, type NameWishes } from '../task/names.ts'
import { suggest } from '../task/suggest.ts'
import type { NameCatalogue, NamedRelation } from './catalogue.ts'
import type { NameProblem } from './problem.ts'
import type { Renames } from './renames.ts'
import { isReserved } from './words.ts'

/** Every database has it: only its objects can be moved. */
const PUBLIC = 'public'

/**
 * The schemas’ new names. `public` is every server’s own and keeps its name in any case policy; so does a schema that an extension has
 * made, or that holds an extension’s tables of configuration.
 */
export function resolveSchemas(
  wishes: NameWishes,
  { schemas: known }: NameCatalogue,
  chosen: readonly NamedRelation[],
  problems: NameProblem[],
): Pick<Renames, 'schemas' | 'emptied'> {
  const extensions = new Map(known.map((schema) => [schema.name, schema.extensions]))
  const names = known.map(({ name }) => name)
  const wanted = new Map<string, string>()
  for (const name of names) {
    const byCase = inCase(name, wishes.case, 'schema')
    if (name !== PUBLIC && byCase !== name && extensions.get(name)?.length === 0) wanted.set(name, byCase)
  }
  for (const [from, to] of Object.entries(wishes.schemas)) {
    if (!extensions.has(from)) {
      const near = suggest(from, names)
      const text = `"${from}" of "names.schemas" is no schema of the source${near === null ? '' : `; there is ${near}`}`
      problems.push({ code: 'NAME_UNKNOWN', text })
      continue
    }
    const inIt = extensions.get(from) ?? []
    if (from !== PUBLIC && from !== to && inIt.length > 0) {
      const text = `the schema ${from} cannot be ${to}: the extension ${inIt.join(', ')} lies in it`
      problems.push({ code: 'NAME_OF_EXTENSION', text })
    }
    if (isReserved(to)) {
      const text = `the schema ${from} cannot be ${to}: the name is the server’s own, or of Sampan’s ledger`
      problems.push({ code: 'NAME_RESERVED', text })
    }
    wanted.set(from, to)
  }
  const renamed = [...wanted].filter(([from, to]) => from !== to)
  const emptied = renamed.filter(([from, to]) => from === PUBLIC || to === PUBLIC)
  const kept = names.filter((name) => (wanted.get(name) ?? name) === name)
  const isEmpty = (schema: string) => !chosen.some((one) => one.schema === schema)
  const taken = Map.groupBy(renamed, ([, to]) => to)
  for (const [to, from] of taken) {
    const others = [
      ...from.map(([name]) => name),
      ...kept.filter((name) => name === to && !(name === PUBLIC && isEmpty(name))),
    ]
    if (others.length < 2) continue
    problems.push({ code: 'NAME_TAKEN', text: `the schemas ${others.toSorted().join(' and ')} would both be ${to}` })
  }
  return { schemas: new Map(renamed.filter((one) => !emptied.includes(one))), emptied: new Map(emptied) }
}
