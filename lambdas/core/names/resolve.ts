import { inCase, type NameWishes, type TableWish } from '../task/names.ts'
import { suggest } from '../task/suggest.ts'
import type { NameCatalogue, NamedRelation } from './catalogue.ts'
import { resolveColumns } from './columns.ts'
import type { NameProblem } from './problem.ts'
import { type RenamedRelation, type Renames, schemaThere } from './renames.ts'
import { resolveSchemas } from './schemas.ts'
import { takenNames } from './taken.ts'
import { isReserved, shown } from './words.ts'

/** Kinds that have a name of their own to people: tables, views, sequences. Indexes and types keep theirs. */
const RENAMED = /^[rpfvmS]$/

/**
 * What the wishes of a task come to: each name of the source that is another one on the destination, and everything that keeps it from
 * being so. Pure.
 * @param isChosen what is not migrated is neither renamed nor in the way
 */
export function resolveNames(
  wishes: NameWishes,
  catalogue: NameCatalogue,
  isChosen: (relation: NamedRelation) => boolean,
): Renames {
  const problems: NameProblem[] = []
  const chosen = catalogue.relations.filter((one) => RENAMED.test(one.kind) && !one.member && isChosen(one))
  const { schemas, emptied } = resolveSchemas(wishes, catalogue, chosen, problems)
  const there = (schema: string) => schemaThere({ schemas, emptied }, schema)
  const byOid = new Map(chosen.map((one) => [one.oid, one]))
  const wanted = namesWanted(wishes, chosen, problems)
  const target = (one: NamedRelation) => {
    const wish = wanted.get(one.oid)
    const name = wish?.name ?? inCase(one.name, wishes.case, 'table')
    const table = one.kind === 'S' ? byOid.get(one.owner) : undefined
    const schema: string = table === undefined ? (wish?.schema ?? there(one.schema)) : target(table).schema
    return { schema, name }
  }
  for (const one of chosen) {
    const wish = wanted.get(one.oid)
    if (one.owner === 0 || wish?.schema == null || wish.schema === target(one).schema) continue
    problems.push({
      code: 'NAME_AMBIGUOUS',
      text: `the sequence ${shown(one)} belongs to a table, and goes into its table’s schema ${target(one).schema}`,
    })
  }
  const columns = resolveColumns(wishes, chosen, problems)
  const relations = new Map(
    chosen.flatMap((one): [number, RenamedRelation][] => {
      const from = { schema: one.schema, name: one.name }
      const to = target(one)
      const renamed = columns.get(one.oid) ?? { columns: new Map(), own: [], excluded: [], dropped: [] }
      // Where its schema is called otherwise, the very same name is a wish to leave it.
      const same = to.schema === from.schema && to.name === from.name && there(from.schema) === from.schema
      if (same && renamed.columns.size + renamed.excluded.length === 0) return []
      // What lies in an emptied schema is moved one by one.
      const carried = one.owner !== 0 || (to.schema === there(one.schema) && !emptied.has(one.schema))
      return [[one.oid, { oid: one.oid, kind: one.kind, from, to, carried, ...renamed }]]
    }),
  )
  const known = new Set([...catalogue.schemas.map(({ name }) => there(name)), ...emptied.values(), 'public'])
  const made = [...new Set([...relations.values()].map(({ to }) => to.schema))].filter((name) => !known.has(name))
  for (const name of made) if (isReserved(name)) problems.push(reserved(`the schema ${name}`))
  problems.push(...takenNames({ catalogue, chosen, target, there }))
  return { schemas, emptied, made, relations, problems }
}

/** Names that relations are given one by one. */
function namesWanted(
  { tables }: NameWishes,
  chosen: readonly NamedRelation[],
  problems: NameProblem[],
): ReadonlyMap<number, NonNullable<TableWish['as']>> {
  const wanted = new Map<number, NonNullable<TableWish['as']>>()
  for (const { pattern, matches, as, columns } of tables) {
    if (as === null && Object.keys(columns).length === 0) continue
    const named = chosen.filter(({ schema, name }) => matches(schema, name))
    const [one, other] = named
    if (one === undefined) {
      const near = suggest(
        pattern,
        chosen.map((relation) => shown(relation)),
      )
      problems.push({
        code: 'NAME_UNKNOWN',
        text: `"${pattern}" of "tables" names nothing that is migrated${near === null ? '' : `; there is ${near}`}`,
      })
    } else if (as !== null && other !== undefined) {
      problems.push({
        code: 'NAME_AMBIGUOUS',
        text: `"${pattern}" of "tables" names ${named.length} (${shown(one)}, ${shown(other)} …), and one name is for one of them`,
      })
    } else if (as !== null) {
      const before = wanted.get(one.oid)
      if (before !== undefined && (before.schema !== as.schema || before.name !== as.name)) {
        problems.push({ code: 'NAME_AMBIGUOUS', text: `${shown(one)} is given two names, one of them by "${pattern}"` })
      }
      wanted.set(one.oid, as)
      if (as.schema !== null && isReserved(as.schema)) problems.push(reserved(`the schema ${as.schema}`))
    }
  }
  return wanted
}

function reserved(what: string): NameProblem {
  return { code: 'NAME_RESERVED', text: `${what} would have a name of the server’s own, or of Sampan’s ledger` }
}
