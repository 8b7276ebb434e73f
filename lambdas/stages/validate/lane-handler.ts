import { LAZY_COMMITS } from '../../core/ledger/settle.ts'
import { underWatch } from '../../core/ledger/step-watch.ts'
import { openDestination } from '../../core/postgres/sessions.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done } from '../../core/runtime/verdict.ts'
import { toldAsChanged } from '../../core/structure/changed.ts'
import { readUntilDone } from './read-until-done.ts'

/** ValidateLane: reads part after part of the destination until nothing is left or the call's time is nearly used. */
export const handler = stepHandler('ValidateLane', async (event: StepEvent, step) => {
  if (event.task.validation.mode === 'none') return done()
  const destination = await openDestination(event, step.environment, {
    purpose: `validate-${event.lane ?? 0}`,
    signal: step.signal,
    pipeline: true,
    // SummariseValidation waits for the disk, before it says that all is read.
    settings: LAZY_COMMITS,
  })
  try {
    return await underWatch(event, step, { destination }, () =>
      toldAsChanged(destination, event.run.id, () => readUntilDone(event, step, destination)),
    )
  } finally {
    await destination.close()
  }
})
