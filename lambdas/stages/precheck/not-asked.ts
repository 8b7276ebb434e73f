import { listed } from '../../core/present/listed.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import { isBlocking, type Outcome } from './score.ts'

/**
 * A precheck that nothing refuses passes only where everything was asked that could refuse it. What found no connection, even asked
 * alone, is asked again: connections come and go. Where something else stands in the way that is told instead.
 * @throws SampanError CHECKS_NOT_ASKED, in the short window
 */
export function requireAsked(outcomes: readonly Outcome[], acknowledge: readonly string[]): void {
  const accepted = new Set(acknowledge)
  const missing = outcomes.flatMap((outcome) => {
    const { check, database } = outcome
    if (outcome.kind !== 'not-run' || !(outcome.why === 'crowded' || outcome.why === 'prerequisite')) return []
    if (!isBlocking(check, check.code, accepted)) return []
    return [{ told: database === null ? check.code : `${check.code} of ${database}`, cause: outcome.cause }]
  })
  const [first] = missing
  if (first === undefined) return
  const codes = missing.map(({ told }) => told)
  throw new SampanError({
    code: 'CHECKS_NOT_ASKED',
    message: `the precheck found nothing, but could not ask ${listed(codes, { most: MOST_NAMED })}: ${first.cause}`,
    remedy:
      'nothing to do while the retry window is open; end idle sessions there, raise the limit of connections of the server, the database or the account, or give the task fewer lanes, then start it again',
    retryable: true,
  })
}

const MOST_NAMED = 5
