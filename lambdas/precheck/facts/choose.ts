import type { Selection } from '../../task/selection.ts'
import type { SourceRelation, Tie } from './source-relation.ts'

/** What comes of a selection. */
export interface Choice {
  readonly chosen: readonly SourceRelation[]
  /** Named by the patterns and not excluded, but in need of something that is. */
  readonly inVain: readonly { readonly relation: SourceRelation; readonly needs: SourceRelation }[]
}

/**
 * Which relations a selection brings along, by the plan's own rules: what the patterns name, all that needs, the partitions
 * of a partitioned table that is named, the sequences of the tables; without the excluded, and what cannot be without them.
 */
export function chooseRelations(
  relations: readonly SourceRelation[],
  ties: readonly Tie[],
  selection: Selection,
): Choice {
  const known = new Set(relations.map((relation) => relation.oid))
  const along = (kind: Tie['kind'], back = false) => {
    const found = new Map<number, number[]>()
    for (const tie of ties) {
      if (tie.kind !== kind || !known.has(tie.from) || !known.has(tie.to)) continue
      const [from, to] = back ? [tie.to, tie.from] : [tie.from, tie.to]
      found.set(from, [...(found.get(from) ?? []), to])
    }
    return (oid: number) => found.get(oid) ?? []
  }
  const [needs, neededBy, owns, owners, parts] = [
    along('needs'),
    along('needs', true),
    along('owns'),
    along('owns', true),
    along('part'),
  ]
  // The sequence of a column goes the way of its table, whatever its own name is.
  const standing = relations.filter((relation) => owners(relation.oid).length === 0)
  const excluded = standing.filter(({ schema, name }) => selection.excludesTable(schema, name))
  const impossible = reach(
    excluded.map((relation) => relation.oid),
    (oid) => [...neededBy(oid), ...owns(oid)],
  )
  const included = standing.filter(({ schema, name }) => selection.includesTable(schema, name))
  const named = reach(
    included.map((relation) => relation.oid),
    parts,
    impossible,
  )
  const chosen = reach([...named], (oid) => [...needs(oid), ...owns(oid)], impossible)
  const isExcluded = new Set(excluded.map(({ oid }) => oid))
  const inVain = included
    .filter(({ oid }) => impossible.has(oid) && !isExcluded.has(oid))
    .flatMap((relation) => {
      const reached = reach([relation.oid], needs)
      const missing = excluded.find(({ oid }) => reached.has(oid))
      return missing === undefined ? [] : [{ relation, needs: missing }]
    })
  return { chosen: relations.filter((relation) => chosen.has(relation.oid)), inVain }
}

/** Everything reached from the roots, without going through what is barred. */
function reach(
  roots: readonly number[],
  next: (oid: number) => readonly number[],
  barred: ReadonlySet<number> = new Set(),
): ReadonlySet<number> {
  const reached = new Set<number>()
  const open = [...roots]
  for (let oid = open.pop(); oid !== undefined; oid = open.pop()) {
    if (reached.has(oid) || barred.has(oid)) continue
    reached.add(oid)
    open.push(...next(oid))
  }
  return reached
}
