import { setTimeout as sleep } from 'node:timers/promises'
import type { StepEvent } from '../lambdas/runtime/event.ts'
import type { StepAnswer, StepError } from '../lambdas/runtime/verdict.ts'
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

/**
 * What the workflow does at its end, for a run that did not get there: the report, then closing what the run has opened. In
 * the cloud a rule on the execution's status calls the same handlers.
 * @param latest the latest event of the run; `null` where nothing had been opened yet
 */
export async function endStopped(handlers: Handlers, latest: StepEvent | null, stopped: boolean): Promise<void> {
  if (latest === null) return
  const event = { ...latest, database: null, lane: null, window: null }
  const failure = stopped ? STOPPED : null
  await finish(handlers, 'ReportFunction', { ...event, failure, refused: false, results: [] })
  await finish(handlers, 'CloseAccessFunction', event)
}

/** Calls one step until it is done, as the state machine would. Its failure is its answer; nothing is thrown. */
async function finish(handlers: Handlers, name: 'ReportFunction' | 'CloseAccessFunction', event: object) {
  const until = performance.now() + PATIENCE
  let window: StepAnswer['window'] = null
  for (;;) {
    const payload = JSON.parse(JSON.stringify({ ...event, window }))
    const answer = (await invokeHandler(handlers[name], payload, 60).catch(() => null)) as StepAnswer | null
    if (answer === null || answer.verdict === 'done' || answer.verdict === 'failed') return
    if (performance.now() + answer.pause * 1000 > until) return
    window = answer.window
    await sleep(answer.pause * 1000)
  }
}
