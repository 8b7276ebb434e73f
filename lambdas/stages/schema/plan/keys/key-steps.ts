import type { PlannedObject, PlannedRelation } from '../../../../core/ledger/objects/planned.ts'
import { indexSteps, tableOf } from '../steps.ts'
import { stepsOfForeignKey } from './foreign-keys.ts'
import { partitionTrees } from './partitions.ts'

/** A relation up to this size is small: its index costs milliseconds, and two steps cost more than they gain. */
export const SMALL_BYTES = 8 * 1024 * 1024

export interface KeyFacts {
  readonly run: string
  readonly destinationVersion: number
  readonly relations: readonly PlannedRelation[]
  /** Leaf partitions whose rows travel through a root: the leaf's object to the root's source oid. */
  readonly rootOf: ReadonlyMap<number, number>
  /** Objects that are partitioned tables: they hold no rows themselves. */
  readonly partitioned: ReadonlySet<number>
}

type Undecided = Omit<PlannedObject, 'rowsOf' | 'worksOn' | 'buildSql' | 'finishSql'>

/**
 * Decides for what comes after the rows which rows it waits for, and where it is made in two steps: for large tables, and
 * of keys only where other indexes of the table can be built beside it.
 */
export function planSteps(objects: readonly Undecided[], facts: KeyFacts): PlannedObject[] {
  const byId = new Map(objects.map((object) => [object.id, object]))
  const relationOf = new Map(facts.relations.map(({ object, oid }) => [object, oid]))
  const bytesOf = new Map(facts.relations.map(({ oid, bytes }) => [oid, bytes]))
  const trees = partitionTrees(objects)
  /** The relation that holds a table's own rows, or the root that they travel through; none for a partitioned table. */
  const ownRelation = (table: number) => {
    const oid = relationOf.get(table) ?? facts.rootOf.get(table)
    return oid === undefined ? [] : [oid]
  }
  /** The same with those of its partitions. */
  const relationsOf = (table: number) => new Set([table, ...trees.leaves(table)].flatMap(ownRelation))
  const sizeOf = (relation: number) => bytesOf.get(relation) ?? 0
  const sizeWithPartitions = (table: number) => [...relationsOf(table)].reduce((bytes, oid) => bytes + sizeOf(oid), 0)
  const known = new Map<number, ReadonlySet<number> | null>()

  /** The relations an object reads, through what it is built upon after the rows; null once something filled is among it. */
  const rowsOf = (object: Undecided): ReadonlySet<number> | null => {
    const found = known.get(object.id)
    if (found !== undefined) return found
    const rows = new Set<number>()
    known.set(object.id, rows)
    let all = object.kind === 'MATERIALIZED VIEW DATA'
    for (const id of object.dependencies) {
      const needed = byId.get(id)
      if (needed?.kind === 'TABLE') {
        // An index of a partitioned table is made of its partitions' own; a foreign key reads them all.
        for (const oid of object.kind === 'FK CONSTRAINT' ? relationsOf(id) : ownRelation(id)) rows.add(oid)
      } else if (needed?.stage === 'index') {
        const inner = rowsOf(needed)
        if (inner === null) all = true
        else for (const oid of inner) rows.add(oid)
      }
    }
    known.set(object.id, all ? null : rows)
    return all ? null : rows
  }

  const decided = objects.map((object) => {
    const rows = object.stage === 'index' ? rowsOf(object) : new Set<number>()
    const isKey = object.kind === 'CONSTRAINT' || object.kind === 'FK CONSTRAINT'
    return {
      ...object,
      // A foreign key reads both its tables, with all their partitions.
      bytes:
        object.kind === 'FK CONSTRAINT'
          ? Math.max(0, ...object.dependencies.map(sizeWithPartitions), ...[...(rows ?? [])].map(sizeOf))
          : object.bytes,
      rowsOf: rows === null ? null : [...rows],
      worksOn: isKey ? tableOf(object.sql) : null,
    }
  })
  const builds = Map.groupBy(
    decided.filter(({ kind, status }) => (kind === 'INDEX' || kind === 'CONSTRAINT') && status === 'pending'),
    (object) => String(object.rowsOf),
  )
  const keys = decided.filter(({ kind }) => kind === 'FK CONSTRAINT')
  return decided.map((object): PlannedObject => {
    const gains = object.stage === 'index' && object.bytes > SMALL_BYTES
    const alone = (builds.get(String(object.rowsOf))?.length ?? 0) < 2
    const steps = !gains
      ? null
      : object.kind === 'FK CONSTRAINT'
        ? stepsOfForeignKey(object, { ...facts, objects: byId, keys, trees, small: SMALL_BYTES })
        : (object.kind === 'CONSTRAINT' || object.kind === 'INDEX') && !alone
          ? indexSteps(object.kind, object.sql)
          : null
    return { ...object, buildSql: steps?.buildSql ?? null, finishSql: steps?.finishSql ?? null }
  })
}
