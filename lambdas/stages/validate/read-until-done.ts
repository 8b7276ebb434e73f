import { setTimeout as sleep } from 'node:timers/promises'
import { requireOwnStart } from '../../core/ledger/other-start.ts'
import { destinationPath } from '../../core/ledger/run.ts'
import { countOpenParts } from '../../core/ledger/validation.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { HASH_ARRAYS } from '../../core/postgres/hash-bytes.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import { done, more, type StepAnswer } from '../../core/runtime/verdict.ts'
import { readParts } from './read-parts.ts'

/** No part is begun with less time than this left. */
const LEAST_MILLISECONDS = 20_000
/** What is kept back from a statement's time to roll back and answer. */
const RESERVE_MILLISECONDS = 12_000
/** How long the lane that waits for the others waits before it looks for parts they gave back, at first and at most. */
const LOOK_MILLISECONDS = { first: 20, most: 500 }

/**
 * Reads part after part of the destination until nothing is left, or the call's time is nearly used; lane 0 waits for what others hold.
 * @param destination a pipelined session
 */
export async function readUntilDone(
  event: StepEvent,
  step: StepTools,
  destination: Session,
): Promise<StepAnswer<null>> {
  const run = event.run.id
  const { source } = await requireOwnStart(destination, event.run)
  const options = {
    run,
    digests: event.task.validation.mode === 'full',
    modernDigest: Math.min(source.serverVersion, destination.serverVersion) >= HASH_ARRAYS,
    searchPath: destinationPath(source),
  }
  const least = Math.min(LEAST_MILLISECONDS, step.remainingMilliseconds() / 2)
  let worked = false
  let look = LOOK_MILLISECONDS.first
  while (step.remainingMilliseconds() > least && !step.signal.aborted) {
    const timeoutMilliseconds = step.remainingMilliseconds() - Math.min(RESERVE_MILLISECONDS, least / 2)
    const count = await readParts(destination, { ...options, timeoutMilliseconds }).catch((thrown: unknown) => {
      // The time that was left was short: with a whole call's time it is another matter.
      if (worked && thrown instanceof SampanError && thrown.code === 'VALIDATION_TOO_SLOW') return null
      throw thrown
    })
    if (count === null) return more()
    if (count > 0) {
      worked = true
      look = LOOK_MILLISECONDS.first
      step.progressed()
      continue
    }
    // One lane stays until all is read: it takes up what a lane that died gives back.
    if (event.lane !== 0 || (await countOpenParts(destination, run)) === 0) return done()
    await sleep(look, undefined, { signal: step.signal }).catch(() => {})
    look = Math.min(2 * look, LOOK_MILLISECONDS.most)
  }
  return more()
}
