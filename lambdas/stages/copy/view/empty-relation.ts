import { LARGE_OBJECTS_OID, type Relation, readRelations, rowsOf, whereOf } from '../../../core/ledger/relations.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { quoteLiteral } from '../../../core/postgres/identifiers.ts'

/**
 * Takes back all that was copied of a relation, and of those whose rows refer to it, and the receipts with it. Call it inside a
 * transaction that holds the relation's row FOR UPDATE: then no lane is inside it.
 */
export async function emptyRelation(destination: Session, run: string, relation: Relation): Promise<void> {
  for (const one of await referringFirst(destination, run, relation)) {
    // Large objects are overwritten whole by their chunk: nothing to empty.
    if (one.oid !== LARGE_OBJECTS_OID) await destination.execute(emptyingSql(run, one))
    await destination.rows(
      `UPDATE sampan.chunk SET state = 'pending', generation = NULL, rows = NULL, digest = NULL, copied_bytes = NULL
        WHERE run = $1 AND relation = $2`,
      [run, one.oid],
    )
  }
}

/** A table that is copied in part may hold rows that are none of this run's. */
function emptyingSql(run: string, relation: Relation): string {
  if (relation.where === null) return `TRUNCATE ${rowsOf(relation)}`
  return `SELECT sampan.use_source_path(${quoteLiteral(run)}); DELETE FROM ${rowsOf(relation)}${whereOf(relation)};
    SELECT pg_catalog.set_config('search_path', '', true)`
}

/** Foreign keys that stand before the rows come keep what is referred to: the others go first. Each is held like the relation itself. */
async function referringFirst(destination: Session, run: string, relation: Relation): Promise<readonly Relation[]> {
  const referring = await destination.rows<{ oid: number }>(
    `WITH RECURSIVE referring AS (
       SELECT r.oid FROM sampan.relation r WHERE r.run = $1 AND $2::oid = ANY (r.behind) AND r.oid <> $2::oid
       UNION SELECT r.oid FROM referring f JOIN sampan.relation r ON r.run = $1 AND f.oid = ANY (r.behind)
     )
     SELECT r.oid FROM sampan.relation r WHERE r.run = $1 AND r.oid IN (SELECT f.oid FROM referring f) AND r.oid <> $2::oid
      ORDER BY r.oid FOR UPDATE`,
    [run, relation.oid],
  )
  if (referring.length === 0) return [relation]
  const oids = new Set(referring.map(({ oid }) => oid))
  const others = (await readRelations(destination, run)).filter(({ oid }) => oids.has(oid))
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
