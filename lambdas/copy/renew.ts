import type { ClaimedChunk } from '../ledger/chunks.ts'
import { fenceRun } from '../ledger/fence.ts'
import { LARGE_OBJECTS_OID, type Relation, rowsOf } from '../ledger/relations.ts'
import type { Session } from '../postgres/connect.ts'
import { inTransaction } from '../postgres/transaction.ts'
import { type CopyServers, digestQuery } from './chunk-sql.ts'

/**
 * Whether a chunk copied in an older generation of the snapshot still holds: the source's rows in the new snapshot have the
 * same count and the same digest. Without a stored digest nothing is proved and the answer is no.
 */
export async function stillHolds(
  source: Session,
  relation: Relation,
  chunk: ClaimedChunk,
  servers: CopyServers,
): Promise<boolean> {
  const query = digestQuery(relation, chunk, servers)
  if (query === null || chunk.digest === null) return false
  // Both columns are named "count"/"coalesce" by the server; arrays of the row keep them apart.
  const [row] = await source.rows<{ rows: string; digest: string }>(
    `SELECT d.rows, d.digest FROM (${query}) AS d(rows, digest)`,
  )
  return row !== undefined && row.rows === chunk.rows && row.digest === chunk.digest
}

/**
 * Empties a relation that was written on the source after its chunks were copied, and makes all its chunks pending again.
 * Takes the relation's row FOR UPDATE first: no lane is inside it, and of two lanes that find the difference one resets.
 */
export async function resetRelation(
  destination: Session,
  run: string,
  relation: Relation,
  generation: number,
): Promise<boolean> {
  return inTransaction(destination, async () => {
    await fenceRun(destination, run)
    const due = await destination.rows(
      `SELECT 1 FROM sampan.relation WHERE run = $1 AND oid = $2 AND reset_generation < $3 FOR UPDATE`,
      [run, relation.oid, generation],
    )
    if (due.length === 1) {
      // Large objects are overwritten whole by their chunk: nothing to empty.
      if (relation.oid !== LARGE_OBJECTS_OID) {
        await destination.execute(`TRUNCATE ${rowsOf(relation)}`)
      }
      await reopenChunks(destination, run, relation, generation)
    }
    return due.length === 1
  })
}

/** All chunks of an emptied relation are to be copied, by lanes that read by this generation of the view or a newer one. */
export async function reopenChunks(
  destination: Session,
  run: string,
  relation: Relation,
  generation: number,
): Promise<void> {
  await destination.rows(
    `UPDATE sampan.chunk SET state = 'pending', generation = NULL, rows = NULL, digest = NULL, copied_bytes = NULL
      WHERE run = $1 AND relation = $2`,
    [run, relation.oid],
  )
  await destination.rows(`UPDATE sampan.relation SET reset_generation = $3 WHERE run = $1 AND oid = $2`, [
    run,
    relation.oid,
    generation,
  ])
}
