import type { Verdict } from './verdict.ts'

/**
 * The history of an execution: Step Functions ends a standard execution at 25,000 events, whatever it is doing.
 * https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 *
 * Every answer says how many events the execution has had, so that a step that goes on for weeks can go on in an execution of its
 * own (statemachine/chapters.ts), and all others wait the longer the more of it is used up.
 */

/** Events of a step's loop: the Task 5 (entered, scheduled, started, succeeded, exited), its Choice 2, its Wait 2. */
const CALL = 7
const PAUSE = 2
/** The states between two steps: Choices, Passes, a Map or a Parallel. */
const BETWEEN_STEPS = 12
/** A call that failed, and the judge's: each entered, scheduled, started, ended and exited. */
const CRASH = 7
/** Attempts that a Retry makes are an event each for scheduled, started and failed, and nobody is told of them. */
const UNSEEN_RETRIES = 150

/** From so many events on what has no execution of its own takes its time. Chapters end before it. */
export const LONG_HISTORY = 10_000

/** The events so far after an answer of this verdict. */
export function spentOn(verdict: Verdict, before = 0): number {
  switch (verdict) {
    case 'more':
      return before + CALL
    case 'retry':
      return before + CALL + PAUSE
    case 'done':
    case 'yield':
    case 'failed':
      return before + CALL + BETWEEN_STEPS
  }
}

/** The events so far after a crash and its judgement. */
export function spentOnCrash(error: string, before = 0): number {
  const throttled = error === 'Lambda.TooManyRequestsException'
  return before + CALL + PAUSE + CRASH + (throttled ? UNSEEN_RETRIES : 0)
}
