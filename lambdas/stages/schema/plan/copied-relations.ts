import type { ComputedTables } from '../../../core/expression/computed.ts'
import { allOf, conditionOfTree } from '../../../core/filter/filtered.ts'
import type { PlannedObject, PlannedRelation } from '../../../core/ledger/objects/planned.ts'
import { LARGE_OBJECTS_OID, type TableRead } from '../../../core/ledger/relation.ts'
import { LARGE_OBJECT_IDS } from '../../../core/postgres/value-types.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { ArchiveFilter } from '../select/filter.ts'
import type { Transformation } from '../transform/transform.ts'
import type { SourceFacts } from './facts.ts'
import type { TableChanges } from './plan.ts'
import type { Standing } from './standing/kept.ts'

/** An object before it is decided in which steps it is made. */
export type Decided = Omit<PlannedObject, 'rowsOf' | 'worksOn' | 'buildSql' | 'finishSql'>

/** The relations whose rows are copied, of the objects that are made. Pure. @throws SampanError SRC_OBJECTS_CHANGED */
export function copiedRelations(
  objects: readonly Decided[],
  holdsRows: ReadonlySet<number>,
  facts: SourceFacts,
  filter: ArchiveFilter,
  { conditions, computed, reads }: TableChanges,
): PlannedRelation[] {
  const trees = wholeTrees(objects, facts)
  const inTrees = new Set(trees.flatMap(({ leaves }) => leaves))
  const change = (relation: PlannedRelation, leaves: readonly number[]) =>
    withComputed(reading(relation, new Set(leaves.flatMap((leaf) => reads.get(leaf) ?? [])), facts), computed)
  const tables = objects.flatMap((object): PlannedRelation[] => {
    if (object.status !== 'pending' || !holdsRows.has(object.id) || inTrees.has(object.oid)) return []
    const relation = facts.relations.get(object.oid)
    if (relation === undefined) throw changed(object)
    const own = { ...relation, object: object.id }
    if (object.kind === 'TABLE') {
      return [change(filtered(own, allOf(conditions.get(object.oid) ?? [])), [object.oid])]
    }
    // Made by its extension, and kept: of the same rows there may be others.
    const { where, behind } = facts.configuration.find(({ oid }) => oid === object.oid) ?? { where: 'true', behind: [] }
    return [{ ...relation, object: object.id, where, behind }]
  })
  tables.push(
    ...trees.map(({ relation, leaves }) => change(filtered(relation, conditionOfTree(leaves, conditions)), leaves)),
  )
  // Large objects belong to no schema: they come with everything, or with a table whose columns may point to them.
  const pointing = tables.some(({ types }) => types.some((type) => LARGE_OBJECT_IDS.test(type)))
  if (facts.largeObjects === 0 || filter.excludesLargeObjects || !(filter.everything || pointing)) return tables
  return [...tables, largeObjects(facts.largeObjectBytes)]
}

function filtered(relation: PlannedRelation, where: string | null): PlannedRelation {
  return where === null ? relation : { ...relation, where, filtered: true }
}

/** With the tables that its condition reads. */
function reading(relation: PlannedRelation, oids: ReadonlySet<number>, { relations }: SourceFacts): PlannedRelation {
  if (oids.size === 0) return relation
  const reads = [...oids].map((oid): TableRead => {
    const table = relations.get(oid)
    if (table === undefined) throw changed({ schema: relation.schema, name: `${relation.name}, or what it refers to,` })
    const { schema, name, columns, partitioned = false } = table
    return { oid, schema, name, columns, tree: partitioned }
  })
  return { ...relation, reads }
}

function withComputed(relation: PlannedRelation, { byTable }: ComputedTables): PlannedRelation {
  const computed = byTable.get(relation.oid)
  if (computed === undefined) return relation
  return { ...relation, expressions: relation.columns.map((column) => computed.get(column)?.value ?? null) }
}

/** The trees all of whose leaves are migrated, each as the one relation it travels as. */
function wholeTrees(
  objects: readonly Decided[],
  facts: SourceFacts,
): { readonly relation: PlannedRelation; readonly leaves: readonly number[] }[] {
  const pending = new Map(
    objects.flatMap((object) =>
      object.kind === 'TABLE' && object.status === 'pending' ? [[object.oid, object.id] as const] : [],
    ),
  )
  return [...facts.trees].flatMap(([root, leaves]) => {
    const table = facts.relations.get(root)
    const object = pending.get(root)
    if (table === undefined || object === undefined || !leaves.every((leaf) => pending.has(leaf))) return []
    const sizes = leaves.flatMap((leaf) => facts.relations.get(leaf) ?? [])
    const bytes = sizes.reduce((sum, size) => sum + size.bytes, 0)
    // A range of TIDs is read in every leaf: the longest says how many ranges there can be; of one that is no heap pages mean nothing.
    const heaps = sizes.every(({ heap = true }) => heap)
    const pages = heaps ? Math.max(0, ...sizes.map((size) => size.pages)) : 0
    return [{ relation: { ...table, tree: true, bytes, pages, object }, leaves }]
  })
}

/** A table that is in the archive but no longer in the catalogue would be made, and never filled. */
function changed(object: Pick<Decided, 'schema' | 'name'>): SampanError {
  return new SampanError({
    code: 'SRC_OBJECTS_CHANGED',
    message: `the table ${object.schema}.${object.name} went while the source’s objects were being read`,
    remedy: 'nothing was written: the objects are read again; hold back changes of the schema while a migration runs',
    retryable: true,
  })
}

/** The one row that stands for all large objects. */
export function largeObjects(bytes: number): PlannedRelation {
  return {
    oid: LARGE_OBJECTS_OID,
    schema: 'pg_catalog',
    name: 'pg_largeobject',
    columns: [],
    types: [],
    hasKey: true,
    bytes,
    pages: 0,
    object: null,
  }
}

/** Foreign keys of a table that stands there already want to see others' rows first; its rows may stay. */
export function withStanding(relation: PlannedRelation, standing: Standing | undefined): PlannedRelation {
  const behind = standing?.behind.get(relation.oid) ?? []
  const beside = standing?.beside.get(relation.oid)
  return { ...relation, ...(behind.length === 0 ? {} : { behind }), ...(beside === undefined ? {} : { beside }) }
}

/** The relation with the names and the columns that it has on the destination. */
export function relationThere(relation: PlannedRelation, transformation: Transformation | undefined): PlannedRelation {
  const renamed = transformation?.renames.relations.get(relation.oid)
  if (renamed === undefined || relation.oid === 0) return relation
  const comes = (_: string | null, at: number) => !renamed.excluded.includes(relation.columns[at] ?? '')
  const columns = relation.columns.filter(comes)
  return {
    ...relation,
    columns,
    types: relation.types.filter(comes),
    ...(relation.expressions ? { expressions: relation.expressions.filter(comes) } : {}),
    excluded: renamed.excluded,
    hasKey: relation.hasKey && transformation?.keyless.has(relation.oid) !== true,
    there: { ...renamed.to, columns: columns.map((column) => renamed.columns.get(column) ?? column) },
  }
}
