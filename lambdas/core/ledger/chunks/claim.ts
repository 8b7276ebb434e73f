import type { Session } from '../../postgres/connect.ts'
import type { ClaimedChunk } from './chunk.ts'

const CLAIM_SQL = `SELECT id, relation, kind, lower, upper, key_column AS "keyColumn", bytes::float8 AS bytes,
    state, rows::text AS rows, digest::text AS digest
  FROM sampan.claim_chunks($1, $2, $3, $4)`

/** Claims chunks inside the open transaction; empty where nothing is left that nobody else holds. */
export async function claimChunks(
  destination: Session,
  run: string,
  generation: number,
  budget: { readonly bytes: number; readonly count: number },
): Promise<ClaimedChunk[]> {
  return destination.rows<ClaimedChunk>(CLAIM_SQL, [run, generation, budget.bytes, budget.count])
}
