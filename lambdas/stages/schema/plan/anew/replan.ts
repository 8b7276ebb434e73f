import type { KnownObject, KnownRelation, PlanChanges } from '../../../../core/ledger/objects/known.ts'
import type { PlannedRelation } from '../../../../core/ledger/objects/planned.ts'
import type { Plan } from '../plan.ts'
import { withoutVeryTables } from '../standing/very-tables.ts'
import { unmaking } from './unmake.ts'

/** How the ledger and the destination go from one plan to the next. */
export interface Replan extends PlanChanges {
  /** What is dropped on the destination first, in this order. */
  readonly unmade: readonly KnownObject[]
}

/**
 * Compares a plan with the one before, whose numbers it has (`keepIds`): what is made and is said in the same words keeps its
 * receipt; what has changed goes with all that stands on it, and is made anew. Pure.
 */
export function replan(known: readonly KnownObject[], relations: readonly KnownRelation[], plan: Plan): Replan {
  const planned = new Map(plan.objects.map((object) => [object.id, object]))
  const same = (object: KnownObject) => {
    const now = planned.get(object.id)
    return now?.status === 'pending' && withoutVeryTables(now.sql) === withoutVeryTables(object.sql)
  }
  const before = new Map(relations.map((relation) => [relation.oid, relation]))
  const reshaped = plan.relations.flatMap((relation) => {
    const old = before.get(relation.oid)
    return old !== undefined && shape(old) !== shape(relation) && old.object !== null ? [old.object] : []
  })
  const changed = known.filter((object) => object.made && !same(object)).map(({ id }) => id)
  const unmade = unmaking(known, [...changed, ...reshaped, ...keysOfGrownTrees(known, plan)])
  const gone = new Set(unmade.map(({ id }) => id))
  const keeps = new Set(known.filter(({ id, made }) => made && !gone.has(id)).map(({ id }) => id))
  const keptRelations = plan.relations.filter((relation) => {
    const old = before.get(relation.oid)
    // Large objects are made by their rows: nothing goes under them.
    return (
      old !== undefined && shape(old) === shape(relation) && !(relation.object !== null && gone.has(relation.object))
    )
  })
  return {
    unmade,
    kept: plan.objects.filter(({ id }) => keeps.has(id)),
    fresh: plan.objects.filter(({ id }) => !keeps.has(id)),
    keptRelations: keptRelations.map(({ oid, object }) => ({ oid, object })),
    freshRelations: plan.relations.filter((relation) => !keptRelations.includes(relation)),
  }
}

/**
 * Keys and indexes of tables that get another partition. They come after it: a partition that is attached to a table that has
 * them gets its own at once, under the server's names.
 */
function keysOfGrownTrees(known: readonly KnownObject[], { objects }: Plan): readonly number[] {
  const made = new Set(known.filter((object) => object.made).map(({ id }) => id))
  const grown = new Set(
    objects.flatMap(({ id, kind, dependencies }) => (kind === 'TABLE ATTACH' && !made.has(id) ? dependencies : [])),
  )
  return known
    .filter(
      ({ kind, dependencies }) =>
        (kind === 'INDEX' || kind === 'CONSTRAINT') && dependencies.some((id) => grown.has(id)),
    )
    .map(({ id }) => id)
}

/** A column that came to the source behind the plan, and stays behind, is one of those that the copy expects to find there. */
function shape(relation: KnownRelation | PlannedRelation): string {
  const {
    schema,
    name,
    columns,
    types,
    tree = false,
    where = null,
    expressions = null,
    excluded = [],
    reads = [],
  } = relation
  const read = reads.map((table) => [table.oid, table.schema, table.name, table.columns, table.tree])
  return JSON.stringify([schema, name, columns, types, tree, where, expressions, excluded, read])
}
