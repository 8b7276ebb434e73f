import { storeFailures } from '../../../core/ledger/objects/failures.ts'
import { disownPlan } from '../../../core/ledger/objects/structure.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import type { SampanError } from '../../../core/runtime/errors.ts'
import { isOtherTable } from '../plan/standing/very-tables.ts'
import type { Outcome } from './outcome.ts'

/**
 * Writes down what could not be made, and blocks what depends on it, in one statement. What failed behind an object that
 * only passed (a cancelled statement, a deadlock) is tried again with it: it may have failed for want of it.
 * @param outcomes in the order in which the objects were sent
 * @returns the first passing error of the flight, to be thrown or waited out once the failures are recorded
 */
export async function recordOutcomes(
  session: Session,
  run: string,
  outcomes: ReadonlyMap<number, Outcome>,
): Promise<SampanError | null> {
  const all = [...outcomes]
  const passing = all.flatMap(([, outcome]) => (outcome.kind === 'passing' ? [outcome.error] : []))
  // A dead connection cannot take the note: the next attempt meets the same errors again.
  const lost = passing.find((error) => error.kind === 'connection')
  if (lost) throw lost
  const first = all.findIndex(([, { kind }]) => kind === 'passing')
  const failures = all
    .slice(0, first < 0 ? all.length : first)
    .flatMap(([id, outcome]) =>
      outcome.kind === 'failed' ? [{ id, code: outcome.code, message: outcome.message }] : [],
    )
  if (failures.length > 0) await storeFailures(session, run, failures)
  // Tables there are met by what they were when the plan was made: the next start looks at them anew.
  if (failures.some(isOtherTable)) await disownPlan(session, run)
  return passing[0] ?? null
}
