import { LARGE_OBJECTS_OID, type Relation, rowsOf } from '../ledger/relations.ts'
import type { Session } from '../postgres/connect.ts'

/**
 * Takes back all that was copied of a relation, and the receipts with it. Call it inside a transaction that holds the relation's
 * row FOR UPDATE: then no lane is inside it.
 */
export async function emptyRelation(destination: Session, run: string, relation: Relation): Promise<void> {
  // Large objects are overwritten whole by their chunk: nothing to empty.
  if (relation.oid !== LARGE_OBJECTS_OID) await destination.execute(`TRUNCATE ${rowsOf(relation)}`)
  await destination.rows(
    `UPDATE sampan.chunk SET state = 'pending', generation = NULL, rows = NULL, digest = NULL, copied_bytes = NULL
      WHERE run = $1 AND relation = $2`,
    [run, relation.oid],
  )
}
