import type { RunEvent } from '../../core/ledger/events.ts'
import { readPlanMark, readPlannedStructure } from '../../core/ledger/objects/structure.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { openSource } from '../../core/postgres/sessions.ts'
import { toSampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import { compareStructures, describeChanges } from '../../core/structure/compare.ts'
import { readStructure, readStructureDigest } from '../../core/structure/read.ts'
import { commentsLeftBehind } from './extension-comments.ts'

/**
 * What was created, dropped or changed on the source since the view that the rows are of, and what its extensions' members are said to
 * be. It is not migrated, and is told; a source that
 * cannot be asked any more keeps no run from its end.
 */
export async function changedSince(event: StepEvent, step: StepTools, destination: Session): Promise<RunEvent[]> {
  const { digest } = await readPlanMark(destination, event.run.id)
  if (digest === null) return []
  const told = { level: 'warning', step: 'Seal' } as const
  try {
    const source = await openSource(event, step.environment, { purpose: 'seal', signal: step.signal })
    try {
      const comments = await commentsLeftBehind(source, destination)
      if ((await readStructureDigest(source)) === digest) return comments
      const { entries } = await readStructure(source)
      const changes = compareStructures(await readPlannedStructure(destination, event.run.id), entries)
      if (changes.length === 0) return comments
      const message = `not migrated, because it was done on the source after the moment that the rows are of: ${describeChanges(changes)}`
      return [{ ...told, code: 'SRC_CHANGED_SINCE_VIEW', message }, ...comments]
    } finally {
      await source.close()
    }
  } catch (thrown) {
    const because = toSampanError(thrown).code
    const message = `whether the source’s structure has changed since the rows were read is not known: it could not be asked (${because})`
    return [{ ...told, code: 'SRC_NOT_ASKED_AGAIN', message }]
  }
}
