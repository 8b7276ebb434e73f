import { holdReferring, takeBackChunks } from '../ledger/chunks/take-back.ts'
import { unmakeKeys } from '../ledger/objects/unmake-keys.ts'
import { isLargeObjects, type Relation } from '../ledger/relation.ts'
import { readRelations } from '../ledger/relations.ts'
import type { Session } from '../postgres/connect.ts'
import { emptyingSql } from './upkeep.ts'

/**
 * Takes back all that was copied of a relation, and of those whose rows refer to it, and the receipts with it. Call it inside a
 * transaction that holds the relation's row FOR UPDATE: then no lane is inside it.
 */
export async function emptyRelation(destination: Session, run: string, relation: Relation): Promise<void> {
  const all = await referringFirst(destination, run, relation)
  for (const one of all) if (!isLargeObjects(one)) await unmakeKeys(destination, run, one.destination)
  const emptying = emptyingSql(all, run)
  if (emptying !== '') await destination.execute(emptying)
  for (const { oid } of all) await takeBackChunks(destination, run, oid)
}

/** Foreign keys that stand before the rows come keep what is referred to: the others go first. Each is held like the relation itself. */
async function referringFirst(destination: Session, run: string, relation: Relation): Promise<readonly Relation[]> {
  const referring = await holdReferring(destination, run, relation.oid)
  if (referring.size === 0) return [relation]
  const others = (await readRelations(destination, run)).filter(({ oid }) => referring.has(oid))
  return [...inOrder(others), relation]
}

/** What refers to another one stands before it; of a ring each in its turn. */
function inOrder(relations: readonly Relation[]): readonly Relation[] {
  const left = new Set(relations)
  const ordered: Relation[] = []
  while (left.size > 0) {
    const free = [...left].find(({ oid }) => ![...left].some((one) => one.oid !== oid && one.behind.includes(oid)))
    const [next = free] = free === undefined ? left : [free]
    if (next === undefined) break
    left.delete(next)
    ordered.push(next)
  }
  return ordered
}
