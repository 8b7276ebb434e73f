import type { PlannedObject } from '../../../../core/ledger/objects/planned.ts'

/** Which partitions lie below and above a table; by object. */
export interface PartitionTrees {
  /** Leaf partitions below, however far; empty for a table that has none. */
  leaves(table: number): readonly number[]
  /** Every table above or below it in its tree, without itself. */
  relatives(table: number): ReadonlySet<number>
}

/** Reads the trees off the archive's TABLE ATTACH entries, whose dependencies are the partition and the table above it. */
export function partitionTrees(objects: readonly Pick<PlannedObject, 'kind' | 'dependencies'>[]): PartitionTrees {
  const pairs = objects.flatMap(({ kind, dependencies: [part, parent] }) =>
    kind === 'TABLE ATTACH' && part !== undefined && parent !== undefined ? [{ part, parent }] : [],
  )
  const above = new Map(pairs.map(({ part, parent }) => [part, parent]))
  const below = Map.groupBy(pairs, ({ parent }) => parent)
  const descendants = (table: number): number[] =>
    (below.get(table) ?? []).flatMap(({ part }) => [part, ...descendants(part)])
  const ancestors = (table: number): number[] => {
    const parent = above.get(table)
    return parent === undefined ? [] : [parent, ...ancestors(parent)]
  }
  return {
    leaves: (table) => descendants(table).filter((part) => !below.has(part)),
    relatives: (table) => new Set([...descendants(table), ...ancestors(table)]),
  }
}
