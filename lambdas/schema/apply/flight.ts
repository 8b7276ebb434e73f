import type { Session } from '../../postgres/connect.ts'
import { quoteLiteral } from '../../postgres/identifiers.ts'
import { judgeOutcome, type Outcome } from './outcome.ts'

/** An object as a stage needs it. */
export interface DueObject {
  readonly id: number
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  readonly sql: string
  readonly verdict: 'migrate' | 'transform'
  readonly bytes: number
}

export type ClaimFunction = 'claim_object' | 'try_claim_object'

/**
 * Sends objects one after the other without waiting for answers. Each is one simple Query: the claim, the statements and
 * the receipt are one implicit transaction, so what exists has its receipt and what has none does not exist.
 * @param session a pipelined one
 * @throws SampanError `RUN_SEALED`
 */
export async function sendFlight(
  session: Session,
  run: string,
  objects: readonly DueObject[],
  claim: ClaimFunction,
): Promise<Map<number, Outcome>> {
  const settled = await Promise.allSettled(objects.map((object) => session.execute(objectQuery(run, object, claim))))
  return new Map(
    objects.map(({ id }, index) => {
      const answer = settled[index]
      return [id, answer?.status === 'fulfilled' ? { kind: 'made' } : judgeOutcome(answer?.reason)]
    }),
  )
}

/**
 * Several statements in one Query are one transaction. The time begins when the server takes the Query up. A user mapping
 * may hold a password in the clear, so its text does not outlive it.
 */
function objectQuery(run: string, object: DueObject, claim: ClaimFunction): string {
  const status = object.verdict === 'transform' ? 'transformed' : 'migrated'
  const forget = object.kind === 'USER MAPPING' ? `, sql = ''` : ''
  return `SELECT sampan.${claim}(${quoteLiteral(run)}, ${object.id});
${object.sql}
;
UPDATE sampan.object
   SET status = '${status}', error_code = NULL, error_message = NULL, blocked_by = NULL${forget},
       milliseconds = 1000 * EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.statement_timestamp())
 WHERE run = ${quoteLiteral(run)} AND id = ${object.id}`
}
