import { compare, readComparisons, wasNotCreated } from '../../core/ledger/comparisons.ts'
import { writeEvents } from '../../core/ledger/events.ts'
import { keepRun } from '../../core/ledger/fence.ts'
import { requireOwnStart } from '../../core/ledger/other-start.ts'
import { relationTitle } from '../../core/ledger/relation.ts'
import { markPlanned } from '../../core/ledger/run.ts'
import { underWatch } from '../../core/ledger/step-watch.ts'
import {
  comparedBefore,
  compareForThisStart,
  copiedSincePlan,
  planParts,
  readReadable,
  reopenParts,
} from '../../core/ledger/validation.ts'
import { countFromOne, noteWrites } from '../../core/ledger/writes.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { openDestination } from '../../core/postgres/sessions.ts'
import { inOneFlight, inTransaction } from '../../core/postgres/transaction.ts'
import { listed } from '../../core/present/listed.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done } from '../../core/runtime/verdict.ts'

/** A part is read in a second or less, so that one long table is read by all lanes, and none waits long for the last. */
const PARTS_PER_CHUNK = 4
const MEGABYTE = 1_048_576

/**
 * PlanValidation: cuts the destination into the parts that the lanes read. Called again, it keeps what was read and found equal. A
 * new start has all of it read again: somebody may have written to the destination since the earlier one ended.
 */
export const handler = stepHandler('PlanValidation', async (event: StepEvent, step) => {
  const destination = await openDestination(event, step.environment, {
    purpose: 'plan-validation',
    signal: step.signal,
  })
  try {
    await underWatch(event, step, { destination }, () => planValidation(destination, event))
    return done()
  } finally {
    await destination.close()
  }
})

async function planValidation(destination: Session, { run: identity, task }: StepEvent): Promise<void> {
  const { mode } = task.validation
  const run = identity.id
  const partBytes = (task.chunkMegabytes * MEGABYTE) / PARTS_PER_CHUNK
  const [{ validationPlannedAt }, copied] = await Promise.all([
    requireOwnStart(destination, identity),
    copiedSincePlan(destination, run),
  ])
  if (mode === 'none' || validationPlannedAt === null || copied) {
    await inOneFlight(destination, () => [
      keepRun(destination, run),
      ...(mode === 'none' ? [] : [planParts(destination, run, partBytes), noteWrites(destination, run, null)]),
      markPlanned(destination, run, 'validation_planned_at'),
      compareForThisStart(destination, run),
    ])
  } else {
    await inTransaction(destination, async () => {
      await keepRun(destination, run)
      const relations = await readComparisons(destination, run)
      const different = relations.filter((relation) => compare(relation, mode) === 'differs')
      if (relations.some((relation) => relation.parts === 0 && !wasNotCreated(relation))) {
        // Planned when the task compared nothing, or when a table was not there yet.
        await planParts(destination, run, partBytes)
        await noteWrites(destination, run, null)
      } else {
        const again = (await comparedBefore(destination, run)) ? await readAgain(destination, run) : []
        const reopened = [...different.map(({ oid }) => oid), ...again]
        await reopenParts(destination, run, reopened)
        await noteWrites(destination, run, reopened)
      }
      await compareForThisStart(destination, run)
    })
  }
}

/** What an earlier start has compared, as far as the account may still look into it; the rest is told by name. */
async function readAgain(destination: Session, run: string): Promise<number[]> {
  await countFromOne(destination, run)
  const relations = await readReadable(destination, run)
  const hidden = relations.filter(({ readable }) => !readable)
  if (hidden.length > 0) {
    const message = `compared by an earlier start only, as they belong to others now, who do not let this account read them: ${listed(hidden.map(relationTitle))}`
    await writeEvents(destination, run, [
      { level: 'warning', step: 'PlanValidation', code: 'COMPARED_BEFORE', message },
    ])
  }
  return relations.filter(({ readable }) => readable).map(({ oid }) => oid)
}
