import { StepAborted } from './aborted.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { toSampanError } from './errors.ts'
import type { DatabaseIdentity, RunIdentity, StepContext, StepEvent } from './event.ts'
import { spentOn } from './history.ts'
import { causesOf, createLogger, type StepLogger } from './logging.ts'
import { type Clock, DEFAULT_RETRY, judge, type Random, type RetrySettings, windowUsed } from './retry-window.ts'
import { toStepError } from './step-error.ts'
import { STOP_BEFORE_MILLISECONDS, stopSignal } from './stop-signal.ts'
import type { RetryWindow, StepAnswer } from './verdict.ts'

/** What a step's body may use besides its event. */
export interface StepTools {
  /** The state's name. */
  readonly name: string
  readonly logger: StepLogger
  /**
   * Fires about ten seconds before the call's time is up, or when the user stops the run. A body that sees it rolls back or
   * commits what it has and answers `more()`; one that throws is judged like any error.
   */
  readonly signal: AbortSignal
  /** Milliseconds until the call is ended by force. */
  remainingMilliseconds(): number
  readonly environment: Environment
  readonly clock: Clock
  /**
   * Says that something was achieved in this call: the retry window it came with is closed, and an error that follows opens
   * a new one. A lane that copies for ten minutes between two short failures must not use up its window.
   */
  progressed(): void
}

/** What the wrapper itself reads of an event. `task` is missing only where it has not been read yet. */
export interface RetryingEvent {
  readonly window: RetryWindow | null
  readonly spent?: number
  readonly run?: RunIdentity | null
  readonly task?: { readonly retry: RetrySettings } | null
  readonly database?: DatabaseIdentity | null
  readonly lane?: number | null
}

export type StepHandler<Event, Output> = (event: Event, context: StepContext) => Promise<StepAnswer<Output>>

/** What tests put in the place of the clock, the dice and the environment. */
export interface StepOptions {
  readonly stopBeforeMilliseconds?: number
  readonly environment?: Environment
  readonly logger?: StepLogger
  readonly clock?: Clock
  readonly random?: Random
}

/**
 * Makes a Lambda handler of a step's body. The body answers `done`, `more` or `yielded`, or throws; what it throws becomes
 * `retry` or `failed` by the rule of the retry windows, so a handler never fails by itself and always answers every field.
 * @param name the state's name, for the log
 * @throws StepAborted when the run was stopped: the one error that is not judged
 * @example
 * export const handler = stepHandler('Analyze', async (event: StepEvent, step) => {
 *   await analyzeTables(event, step.signal)
 *   return done()
 * })
 */
export function stepHandler<Output, Event extends RetryingEvent = StepEvent>(
  name: string,
  body: (event: Event, step: StepTools) => Promise<StepAnswer<Output>>,
  options: StepOptions = {},
): StepHandler<Event, Output> {
  const clock = options.clock ?? (() => new Date())
  const random = options.random ?? Math.random

  return async (event, context) => {
    if (context.signal?.aborted) throw new StepAborted(name)
    const logger = options.logger ?? createLogger(process.env.SAMPAN_LOG, logKeys(name, event, context))
    const before = options.stopBeforeMilliseconds ?? STOP_BEFORE_MILLISECONDS
    const stop = stopSignal(context.getRemainingTimeInMillis(), context.signal, before)
    let window = event.window ?? null
    try {
      const answer = await body(event, {
        name,
        logger,
        signal: stop.signal,
        remainingMilliseconds: () => context.getRemainingTimeInMillis(),
        environment: options.environment ?? readEnvironment(),
        clock,
        progressed: () => {
          window = null
        },
      })
      return { ...complete(answer), spent: spentOn(answer.verdict, event.spent) }
    } catch (thrown) {
      if (context.signal?.aborted) throw new StepAborted(name)
      const error = toSampanError(thrown)
      const behindPrecheck = event.database !== null && event.database !== undefined
      const retryable = error.retryable || (error.retryableBehindPrecheck && behindPrecheck)
      const stepError = { ...toStepError(error), retryable }
      const settings = event.task?.retry ?? DEFAULT_RETRY
      const answer = judge({ error: stepError, window, spent: event.spent }, settings, clock, random)
      const log = answer.verdict === 'failed' ? logger.error : logger.warn
      const used = answer.window === null ? {} : { windowUsed: windowUsed(answer.window, settings, clock()) }
      log(error.code, { ...answer, ...used, error: toStepError(error), causes: causesOf(error) })
      return { ...answer, spent: spentOn(answer.verdict, event.spent) }
    } finally {
      stop.clear()
    }
  }
}

/** A ResultSelector fails on a missing field and on `undefined`; a finished step must not hand its window to the next. */
function complete<Output>(answer: StepAnswer<Output>): Omit<StepAnswer<Output>, 'spent'> {
  return {
    verdict: answer.verdict,
    pause: answer.pause ?? 0,
    window: answer.verdict === 'retry' ? (answer.window ?? null) : null,
    error: answer.error ?? null,
    output: answer.output ?? null,
  }
}

function logKeys(name: string, event: RetryingEvent, context: StepContext): Record<string, unknown> {
  return {
    step: name,
    run: event.run?.id ?? null,
    execution: event.run?.execution ?? null,
    database: event.database?.name ?? null,
    lane: event.lane ?? null,
    request: context.awsRequestId,
  }
}
