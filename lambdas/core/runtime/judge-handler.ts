import { StepAborted } from './aborted.ts'
import type { DatabaseIdentity, RunIdentity, StepContext } from './event.ts'
import { spentOnCrash } from './history.ts'
import { createLogger } from './logging.ts'
import { parseJson } from './parse-json.ts'
import { type Clock, DEFAULT_RETRY, judge, type Random, type RetrySettings } from './retry-window.ts'
import { oneLine } from './step-error.ts'
import type { RetryWindow, StepAnswer, StepError } from './verdict.ts'

/** What the state machine calls the judge with, after a step ended without an answer. */
export interface CrashEvent {
  /** The name of the state that crashed. */
  readonly step: string
  readonly run: RunIdentity | null
  /** The task's windows; `null` where the task has not been read. */
  readonly retry: RetrySettings | null
  readonly database: DatabaseIdentity | null
  readonly lane: number | null
  readonly window: RetryWindow | null
  /** Events of the execution's history so far; missing in executions that began before they were counted. */
  readonly spent?: number
  /** What the Catch of Step Functions hands on. */
  readonly crash: { readonly Error: string; readonly Cause?: string }
}

/**
 * Judges what a handler cannot catch itself (time-out, out of memory, a crash of the process, a function that does not
 * load) by the same rule as its own errors. It belongs to the short window; only a call that the account had no room for is
 * waited out like a lost connection: others' work ends, and nothing is wrong with the run.
 */
export function judgeHandler(clock: Clock = () => new Date(), random: Random = Math.random) {
  return async (event: CrashEvent, context: StepContext): Promise<StepAnswer<never>> => {
    if (context.signal?.aborted) throw new StepAborted('JudgeCrash')
    const error = crashError(event.step, event.crash)
    const failure = { error: { ...error, retryable: true }, window: event.window, spent: event.spent }
    const answer = judge(failure, event.retry ?? DEFAULT_RETRY, clock, random)
    createLogger(process.env.SAMPAN_LOG, {
      step: event.step,
      run: event.run?.id ?? null,
      execution: event.run?.execution ?? null,
      database: event.database?.name ?? null,
      lane: event.lane,
      request: context.awsRequestId,
    }).error(error.code, { ...answer })
    return { ...answer, spent: spentOnCrash(event.crash.Error, event.spent) }
  }
}

export const handler = judgeHandler()

function crashError(step: string, crash: CrashEvent['crash']): StepError {
  const cause = readCause(crash.Cause)
  if (crash.Error === 'Lambda.TooManyRequestsException') {
    return {
      kind: 'connection',
      code: 'STEP_THROTTLED',
      message: `${step} could not be called: as many functions are at work as the AWS account may have`,
      remedy:
        'nothing at first: it is tried again; have the quota "Concurrent executions" of AWS Lambda raised, or lower "lanes"',
    }
  }
  // Lambda's own time-out arrives as the type Sandbox.Timedout, that of the state as States.Timeout.
  if (crash.Error === 'States.Timeout' || crash.Error === 'Sandbox.Timedout' || /Task timed out/.test(cause)) {
    return {
      kind: 'other',
      code: 'STEP_TIMED_OUT',
      message: `${step} did not end in its time`,
      remedy: 'it is tried again; if it comes back, give the function more memory (and with it more processor)',
    }
  }
  return {
    kind: 'other',
    code: 'STEP_CRASHED',
    message: oneLine(`${step} crashed: ${crash.Error}${cause === '' ? '' : `: ${cause}`}`, 300),
    remedy: 'it is tried again; if it comes back, read the function’s log and give it more memory',
  }
}

/** Lambda gives the cause as JSON text `{errorType, errorMessage, trace}`; Step Functions itself as plain text. */
function readCause(cause: string | undefined): string {
  if (cause === undefined) return ''
  const parsed = parseJson(cause)
  return typeof parsed === 'object' && parsed !== null && 'errorMessage' in parsed ? String(parsed.errorMessage) : cause
}
