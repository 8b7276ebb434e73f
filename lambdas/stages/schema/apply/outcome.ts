import { DatabaseError } from '../../../core/postgres/errors.ts'
import { SampanError } from '../../../core/runtime/errors.ts'

/** How one object's transaction ended. */
export type Outcome =
  | { readonly kind: 'made' }
  /** Another attempt has the receipt already, or another lane is at work on it. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** Nothing is wrong with the object: the connection, a deadlock, a full disk. It stays pending. */
  | { readonly kind: 'passing'; readonly error: SampanError }

/** The run is sealed, another start has taken it over, or the ledger is damaged. */
const fenced = /^SP00[179]$/
const hasReceipt = 'SP002'
const isClaimed = 'SP003'

/**
 * Deadlock, serialisation, lock time-out, cancelled, out of resources, and a server that takes no writes for the moment (a
 * name that still leads to the standby, an instance locked until its storage is enlarged): another attempt may succeed.
 */
const passing = /^(40|53|57)|^(55P03|25006)$/

/** @throws SampanError `RUN_SEALED`, `RUN_TAKEN_OVER`, `LEDGER_DAMAGED`: nothing more may be written */
export function judgeOutcome(thrown: unknown): Outcome {
  if (!(thrown instanceof DatabaseError)) {
    if (thrown instanceof SampanError) return { kind: 'passing', error: thrown }
    throw thrown
  }
  const { sqlState } = thrown
  if (fenced.test(sqlState ?? '')) throw thrown
  if (sqlState === hasReceipt || sqlState === isClaimed) return { kind: 'elsewhere' }
  if (thrown.kind === 'connection' || sqlState === null || passing.test(sqlState))
    return { kind: 'passing', error: thrown }
  return { kind: 'failed', code: sqlState, message: thrown.message.replace(/^the destination answered: /, '') }
}
