import type { ClaimedChunk } from '../../../core/ledger/chunks/chunk.ts'
import { awaitView, holdForView } from '../../../core/ledger/chunks/take-back.ts'
import { fenceRun } from '../../../core/ledger/fence.ts'
import type { Relation } from '../../../core/ledger/relation.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { askUnderPath } from '../../../core/postgres/search-path.ts'
import { inTransaction } from '../../../core/postgres/transaction.ts'
import type { CopyServers } from '../../../core/rows/cargo.ts'
import { sourceDigest } from '../../../core/rows/digest.ts'
import { emptyRelation } from '../../../core/rows/empty-relation.ts'

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
  const query = sourceDigest(relation, chunk, servers)
  if (query === null || chunk.digest === null) return false
  // Both columns are named "count"/"coalesce" by the server; arrays of the row keep them apart.
  const [row] = await askUnderPath(source, servers.searchPath, () =>
    source.rows<{ rows: string; digest: string }>(`SELECT d.rows, d.digest FROM (${query}) AS d(rows, digest)`),
  )
  return row !== undefined && row.rows === chunk.rows && row.digest === chunk.digest
}

/**
 * Empties a relation that was written on the source after its chunks were copied: lanes that read by this generation of the
 * view or a newer one copy it again. Of two lanes that find the difference one empties it.
 */
export async function resetRelation(
  destination: Session,
  run: string,
  relation: Relation,
  generation: number,
): Promise<void> {
  await inTransaction(destination, async () => {
    await fenceRun(destination, run)
    if ((await holdForView(destination, run, relation.oid, generation)) === null) return
    await emptyRelation(destination, run, relation)
    await awaitView(destination, run, relation.oid, { generation, rewritten: false })
  })
}
