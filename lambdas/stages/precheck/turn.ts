import { toSampanError } from '../../core/runtime/errors.ts'
import { ask, isCrowdedError, requireSessions, twice } from './ask.ts'
import type { Check } from './check.ts'
import { CannotRun, type CheckContext, type WhyNot } from './context.ts'
import type { Outcome } from './score.ts'
import type { DatabaseConnections } from './sessions.ts'

/** What was found in one database. */
export interface Turn {
  /** In the order of the checks of scope `database`. */
  readonly outcomes: readonly (Outcome | null)[]
  /** What `ofEach` told, in the order of the checks that have it. */
  readonly numbers: readonly (number | Untold)[]
}

/** Why a number is not known. */
export interface Untold {
  readonly why: WhyNot
  readonly cause: string
}

/** Asks all checks of one database, side by side. @throws SampanError where a connection that stood is lost */
export async function takeTurn(
  checks: readonly Check[],
  context: CheckContext,
  milliseconds: number | undefined,
): Promise<Turn> {
  const own = checks.filter(({ scope }) => scope === 'database')
  const [outcomes, numbers] = await Promise.all([
    Promise.all(own.map((check) => ask(check, context, context.database.name, milliseconds))),
    Promise.all(checks.filter(({ ofEach }) => ofEach).map((check) => numberOf(check, context))),
  ])
  return { outcomes, numbers }
}

async function numberOf(check: Check, context: CheckContext): Promise<number | Untold> {
  try {
    requireSessions(check, context)
    return await twice(async () => (await check.ofEach?.(context)) ?? 0)
  } catch (thrown) {
    if (thrown instanceof CannotRun) return { why: thrown.why, cause: thrown.message }
    const error = toSampanError(thrown)
    if (error.kind === 'connection' || error.code === 'STOPPED') throw error
    return { why: 'failed', cause: `${error.code}: ${error.message}` }
  }
}

/** The numbers of one check, of all databases. @throws CannotRun as the first that could not tell */
export function numbersOf(checks: readonly Check[], check: Check, turns: Iterable<Turn>): readonly number[] {
  const place = checks.filter(({ ofEach }) => ofEach).indexOf(check)
  return [...turns].map(({ numbers }) => {
    const number = numbers[place] ?? 0
    if (typeof number === 'number') return number
    throw new CannotRun(number.why, number.cause)
  })
}

/** Whether a server had no connection left for this database; not where that was seen at the first database alone. */
export function isCrowded({ source, destination }: DatabaseConnections): boolean {
  return [source, destination].some((one) => one.kind === 'failed' && one.tried && isCrowdedError(one.error))
}

/** Whether a check had no connection of its own. */
export function isCrowdedOut(outcome: Outcome | null): boolean {
  return outcome?.kind === 'not-run' && outcome.why === 'crowded'
}
