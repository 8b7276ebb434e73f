import { readDue } from '../../../core/ledger/objects/due.ts'
import type { Stage } from '../../../core/ledger/objects/planned.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { stageBatches } from './batches.ts'
import { objectQuery, sendFlight } from './flight.ts'
import { recordOutcomes } from './record.ts'

/** Objects on their way at once: few enough to be answered within a call, many enough to make distance cheap. */
const FLIGHT = 500

export interface ApplyOptions {
  readonly run: string
  readonly stage: Stage
  /** Asked before every flight. */
  hasTime(): boolean
  /** Called after a flight that made something. */
  progressed?(): void
}

/**
 * Makes all pending objects of a stage in the archive's order, flight after flight. Dependants of a failure that are in the
 * same flight fail too and are put down as blocked; later ones are not tried.
 * @param session a pipelined one
 * @returns false where the time was used up before the end
 * @throws SampanError of the connection, or of the server where another attempt may succeed; failures of objects are recorded
 */
export async function applyStage(session: Session, options: ApplyOptions): Promise<boolean> {
  const { run, stage } = options
  let due = await readDue(session, run, stage, FLIGHT)
  while (due.length > 0) {
    if (!options.hasTime()) return false
    // What is due next is asked in the same flight; failures block some of it, and then it is asked again.
    const [{ outcomes, smooth }, next] = await Promise.all([
      sendFlight(session, run, stageBatches(run, due), (object) => objectQuery(run, object)),
      readDue(session, run, stage, FLIGHT),
    ])
    const passing = await recordOutcomes(session, run, outcomes)
    if ([...outcomes.values()].some(({ kind }) => kind === 'made')) options.progressed?.()
    if (passing) throw passing
    due = smooth ? next : await readDue(session, run, stage, FLIGHT)
  }
  return true
}
