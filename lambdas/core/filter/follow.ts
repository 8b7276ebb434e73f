import { quoteIdentifier, quoteQualified } from '../postgres/identifiers.ts'
import { allOf, conditionOfTree, type FilterableTable } from './filtered.ts'
import { type ChosenKey, leavesOf, type RefusedKey } from './keys.ts'

/** Which rows of each table come, once those of some follow their parents'. */
export interface FollowedConditions {
  /** By the table's oid. */
  readonly conditions: ReadonlyMap<number, readonly string[]>
  /** Oids of the tables that a table's conditions read beside itself. */
  readonly reads: ReadonlyMap<number, readonly number[]>
  readonly refused: readonly RefusedKey[]
}

/**
 * Adds to the task's own conditions those of keys whose rows follow their parents': a row comes where all its columns of the key refer to a
 * parent that comes, or one of them is NULL. A parent's condition has those of its own keys in it. Where all parents come nothing is
 * added. Pure.
 */
export function followParents(
  own: ReadonlyMap<number, readonly string[]>,
  keys: readonly ChosenKey[],
  tables: readonly FilterableTable[],
): FollowedConditions {
  const followed = keys.filter(({ choice, period }) => choice.choice === 'follow' && !period)
  const byOid = new Map(tables.map((table) => [table.oid, table]))
  const above = ({ oid, above: parents }: FilterableTable) => [oid, ...parents]
  const keysOf = (table: FilterableTable) => followed.filter(({ child }) => above(table).includes(child))
  const rings = new Map(followed.flatMap((key) => ringOf(key, followed, byOid)).map((ring) => [ring.key, ring]))
  const known = new Map<number, { readonly conditions: readonly string[]; readonly reads: readonly number[] }>()

  const conditionsOf = (oid: number): { conditions: readonly string[]; reads: readonly number[] } => {
    const before = known.get(oid)
    const table = byOid.get(oid)
    if (before !== undefined) return before
    const conditions = [...(own.get(oid) ?? [])]
    const reads = new Set<number>()
    for (const key of table === undefined ? [] : keysOf(table)) {
      const parent = rings.has(key) ? undefined : byOid.get(key.parent)
      const rows = parent === undefined ? null : rowsOfParent(parent)
      if (parent === undefined || rows === null || rows.where === null) continue
      conditions.push(followSql(key, parent, rows.where))
      for (const one of [parent.oid, ...rows.reads]) reads.add(one)
    }
    const found = { conditions: [...new Set(conditions)], reads: [...reads] }
    known.set(oid, found)
    return found
  }
  const rowsOfParent = ({ oid, partitioned }: FilterableTable) => {
    const parts = (partitioned ? leavesOf(oid, tables) : [oid]).map((leaf) => [leaf, conditionsOf(leaf)] as const)
    const reads = parts.flatMap(([, one]) => one.reads)
    if (!partitioned) return { where: allOf(parts.flatMap(([, { conditions }]) => conditions)), reads }
    const byLeaf = new Map(parts.map(([leaf, { conditions }]) => [leaf, conditions]))
    return { where: conditionOfTree([...byLeaf.keys()], byLeaf), reads }
  }

  const found = tables.map(({ oid }) => [oid, conditionsOf(oid)] as const)
  return {
    conditions: new Map(found.flatMap(([oid, { conditions }]) => (conditions.length > 0 ? [[oid, conditions]] : []))),
    reads: new Map(found.flatMap(([oid, { reads }]) => (reads.length > 0 ? [[oid, reads]] : []))),
    refused: [...rings.values()],
  }
}

/** A key whose rows would follow themselves: to know them takes a closure. */
function ringOf(
  key: ChosenKey,
  followed: readonly ChosenKey[],
  byOid: ReadonlyMap<number, FilterableTable>,
): readonly RefusedKey[] {
  // A key of a partition is of the whole's rows as well, and the other way round.
  const family = (oid: number) => byOid.get(oid)?.above.at(-1) ?? oid
  const next = (oid: number) => followed.filter(({ child }) => family(child) === family(oid))
  const lines: (readonly ChosenKey[])[] = [[key]]
  const seen = new Set<ChosenKey>()
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    const parent = line.at(-1)?.parent ?? 0
    if (family(parent) === family(key.child)) {
      const titles = [...line.map(({ child }) => child), parent]
        .map((oid) => byOid.get(oid))
        .flatMap((one) => one ?? [])
      const way = titles.map(({ schema, name }) => `${schema}.${name}`).join(' → ')
      return [{ key, why: `its rows would follow themselves: ${way}` }]
    }
    for (const one of next(parent)) {
      if (!seen.has(one)) lines.push([...line, one])
      seen.add(one)
    }
  }
  return []
}

/**
 * The child's columns stand without their table's name, which is the root's where a partitioned table travels as a whole. In the query around
 * them no column but the parent's own has a name, and these are called otherwise.
 */
function followSql(
  { columns, nullable, parentColumns, operators }: ChosenKey,
  parent: FilterableTable,
  where: string,
): string {
  const places = parentColumns.map((_, place) => `sampan_parent_${place}`)
  const named = parentColumns.map((column, place) => `${quoteIdentifier(column)} AS ${places[place]}`).join(', ')
  const from = `${parent.partitioned ? '' : 'ONLY '}${quoteQualified(parent.schema, parent.name)}`
  const equal = columns.map((name, at) => `${places[at]} ${operators[at]} ${quoteIdentifier(name)}`)
  const exists = `EXISTS (SELECT FROM (SELECT ${named} FROM ${from} WHERE (${where}\n)) AS sampan_parent WHERE ${equal.join(' AND ')})`
  // What may be NULL only: a condition that is nothing but EXISTS can be planned as a join.
  const empty = columns.filter((_, at) => nullable[at]).map((name) => `${quoteIdentifier(name)} IS NULL`)
  return [...empty, exists].join(' OR ')
}
