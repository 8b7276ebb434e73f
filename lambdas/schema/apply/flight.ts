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

/** A step that a lane may take up: the whole object, the first of its two steps, or the second. `sql` is the step's own. */
export interface DueStep extends DueObject {
  readonly step: 'whole' | 'build' | 'finish'
  /** Of all steps with the same text one is under way at a time; null: no such limit. */
  readonly alone: string | null
}

/**
 * Sends objects one after the other without waiting for answers. Each is one simple Query: the claim, the statements and
 * the receipt are one implicit transaction, so what exists has its receipt and what has none does not exist. The server has
 * all of it at once, so it ends what it has begun even when the connection is gone.
 * @param session a pipelined one
 * @throws SampanError `RUN_SEALED`
 */
export async function sendFlight<Due extends DueObject>(
  session: Session,
  objects: readonly Due[],
  query: (object: Due) => string,
): Promise<Map<number, Outcome>> {
  const settled = await Promise.allSettled(objects.map((object) => session.execute(query(object))))
  return new Map(
    objects.map(({ id }, index) => {
      const answer = settled[index]
      return [id, answer?.status === 'fulfilled' ? { kind: 'made' } : judgeOutcome(answer?.reason)]
    }),
  )
}

/** Makes an object; another attempt at it is waited for. */
export function objectQuery(run: string, object: DueObject): string {
  return `SELECT sampan.claim_object(${quoteLiteral(run)}, ${object.id});
${object.sql}
;
${receipt(run, object)}`
}

/** Takes one step towards an object; where another lane is at it, or at what it would wait for, it fails at once. */
export function stepQuery(run: string, object: DueStep): string {
  const alone = object.alone === null ? 'NULL' : quoteLiteral(object.alone)
  return `SELECT sampan.claim_step(${quoteLiteral(run)}, ${object.id}, ${object.step === 'finish'}, ${alone});
${object.sql}
;
${object.step === 'build' ? firstReceipt(run, object) : receipt(run, object)}`
}

/** The time begins when the server takes the Query up. */
const SPENT = `COALESCE(milliseconds, 0)
         + 1000 * EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.statement_timestamp())`

function firstReceipt(run: string, { id }: DueObject): string {
  return `UPDATE sampan.object SET built_at = pg_catalog.clock_timestamp(), milliseconds = ${SPENT}
 WHERE run = ${quoteLiteral(run)} AND id = ${id}`
}

/** A user mapping may hold a password in the clear, so its text does not outlive it. */
function receipt(run: string, object: DueObject): string {
  const status = object.verdict === 'transform' ? 'transformed' : 'migrated'
  const forget = object.kind === 'USER MAPPING' ? `, sql = ''` : ''
  return `UPDATE sampan.object
   SET status = '${status}', error_code = NULL, error_message = NULL, blocked_by = NULL${forget},
       finished_at = pg_catalog.clock_timestamp(), milliseconds = ${SPENT}
 WHERE run = ${quoteLiteral(run)} AND id = ${object.id}`
}
