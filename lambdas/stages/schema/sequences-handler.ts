import { requireSameSource } from '../../core/ledger/source-server.ts'
import { openSource } from '../../core/postgres/sessions.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done } from '../../core/runtime/verdict.ts'
import { toldAsChanged } from '../../core/structure/changed.ts'
import { withDestination } from './apply/with-destination.ts'
import { syncSequences } from './sequences/sync.ts'

/** SyncSequences: a schema-only dump has no values, and rows bring none. */
export const handler = stepHandler('SyncSequences', (event: StepEvent, step) =>
  withDestination(event, step, 'sequences', async (destination) => {
    const source = await openSource(event, step.environment, {
      purpose: 'sequences',
      pipeline: true,
      signal: step.signal,
    })
    try {
      await requireSameSource(source, destination, event)
      const followed = event.task.mode === 'follow'
      await toldAsChanged(destination, event.run.id, () => syncSequences(source, destination, event.run.id, followed))
      return done()
    } finally {
      await source.close()
    }
  }),
)
