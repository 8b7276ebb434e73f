import type { Session } from '../../postgres/connect.ts'
import type { SampanError } from '../../runtime/errors.ts'
import { storeFailures } from '../ledger-objects.ts'
import type { Outcome } from './outcome.ts'

/**
 * Writes down what could not be made, and blocks what depends on it, in one statement.
 * @returns the first passing error of the flight, to be thrown or waited out once the failures are recorded
 */
export async function recordOutcomes(
  session: Session,
  run: string,
  outcomes: ReadonlyMap<number, Outcome>,
): Promise<SampanError | null> {
  const failures = [...outcomes].flatMap(([id, outcome]) =>
    outcome.kind === 'failed' ? [{ id, code: outcome.code, message: outcome.message }] : [],
  )
  const passing = [...outcomes.values()].filter((outcome) => outcome.kind === 'passing')
  // A dead connection cannot take the note: the next attempt meets the same errors again.
  const lost = passing.find(({ error }) => error.kind === 'connection')
  if (lost) throw lost.error
  if (failures.length > 0) await storeFailures(session, run, failures)
  return passing[0]?.error ?? null
}
