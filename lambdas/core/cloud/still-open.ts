import { accessRecordSchema } from '../documents/access.ts'
import { SampanError } from '../runtime/errors.ts'
import type { RunIdentity } from '../runtime/event.ts'
import { type ArtefactStore, artefactKey } from './artefacts.ts'

/** What this needs of `access.json`, which is OpenAccess's. */
const recordSchema = accessRecordSchema.pick({ closingSince: true })

/**
 * Refuses an execution whose access is being closed or has been: somebody has redriven it after its end. It would go on behind
 * OpenAccess, and wait for hours for servers that let nobody in.
 * @throws SampanError `EXECUTION_REDRIVEN`
 */
export async function requireStillOpen(store: ArtefactStore, run: RunIdentity): Promise<void> {
  const text = await store.read(artefactKey(run, 'access.json'))
  // A task that names plain hosts opens nothing.
  if (text === null) return
  const { closingSince } = recordSchema.parse(JSON.parse(text))
  if (closingSince === null) return
  throw new SampanError({
    code: 'EXECUTION_REDRIVEN',
    message: `execution ${run.execution} has ended before: what it had opened is being closed since ${closingSince}`,
    remedy: 'do not redrive it: start the task again, under another execution name; it continues where it was',
  })
}
