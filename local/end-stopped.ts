import { setTimeout as sleep } from 'node:timers/promises'
import type { StepEvent } from '../lambdas/core/runtime/event.ts'
import type { StepAnswer, StepError } from '../lambdas/core/runtime/verdict.ts'
import type { Handlers } from './handlers.ts'
import { invokeHandler } from './interpreter/calls.ts'

/** How long closing is tried, milliseconds: a person is waiting. */
const PATIENCE = 120_000

const STOPPED: StepError = {
  kind: 'other',
  code: 'RUN_STOPPED',
  message: 'the run was stopped before it was done',
  remedy: 'start the same task again: it continues where it was',
}

/** A step that answers `more` to its last call has failed with nothing, and may have left something open. */
const NOT_DONE: Readonly<Record<EndFunction, StepError>> = {
  CloseAccessFunction: {
    kind: 'other',
    code: 'ACCESS_LEFT_OPEN',
    message: 'the run was stopped, and what it had opened was not closed in the time that a person is made to wait',
    remedy: 'run `sampan sweep` with the same task and --out: it closes what is open still',
  },
  FollowFunction: {
    ...STOPPED,
    message: 'the run was stopped, and what it had opened on the source was not taken back in time',
    remedy:
      'look with `sampan leftovers`, and drop it with --drop; or start the same task again, which goes on with it',
  },
  ReportFunction: STOPPED,
  FinishReportFunction: STOPPED,
}

/**
 * What the workflow does at its end, for a run that did not get there: the report, closing what the run has opened, and the
 * report once more. The first one needs the access to read the ledgers; it is tried once, since what is open is to be closed
 * whether or not it can be written. In the cloud a rule on the execution's status does it with the same handlers.
 * @param latest the latest event of the run; `null` where nothing had been opened yet
 * @param patience how long closing is tried, milliseconds
 * @returns why something is open still; `null` where all is closed
 */
export async function endStopped(
  handlers: Handlers,
  latest: StepEvent | null,
  patience = PATIENCE,
): Promise<StepError | null> {
  if (latest === null) return null
  const event = { ...latest, database: null, lane: null, failure: STOPPED, refused: false, results: [] }
  await finish(handlers, 'ReportFunction', event, 0)
  const stream =
    event.task.mode === 'follow'
      ? await finish(handlers, 'FollowFunction', { ...event, what: 'close' }, patience)
      : null
  const closing = (await finish(handlers, 'CloseAccessFunction', event, patience)) ?? stream
  const outcome = { status: 'failed', error: STOPPED }
  await finish(handlers, 'FinishReportFunction', { ...event, outcome, closing }, patience)
  return closing
}

type EndFunction = 'ReportFunction' | 'FollowFunction' | 'CloseAccessFunction' | 'FinishReportFunction'

/**
 * Calls one step until it is done, as the state machine would.
 * @returns what it failed with; nothing is thrown
 */
async function finish(
  handlers: Handlers,
  name: EndFunction,
  event: object,
  patience: number,
): Promise<StepError | null> {
  const until = performance.now() + patience
  let window: StepAnswer['window'] = null
  for (;;) {
    const payload = JSON.parse(JSON.stringify({ ...event, window }))
    const answer = (await invokeHandler(handlers[name], payload, 60).catch(() => null)) as StepAnswer | null
    if (answer === null) return { ...STOPPED, message: `${name} crashed` }
    if (answer.verdict === 'done' || answer.verdict === 'failed') return answer.error
    if (performance.now() + answer.pause * 1000 > until) return answer.error ?? NOT_DONE[name]
    window = answer.window
    await sleep(answer.pause * 1000)
  }
}
