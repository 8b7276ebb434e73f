import { compare, readComparisons, wasNotCreated } from '../../core/ledger/comparisons.ts'
import { keepRun } from '../../core/ledger/fence.ts'
import { requireOwnStart } from '../../core/ledger/other-start.ts'
import { markPlanned } from '../../core/ledger/run.ts'
import { underWatch } from '../../core/ledger/step-watch.ts'
import { copiedSincePlan, planParts, reopenParts } from '../../core/ledger/validation.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { openDestination } from '../../core/postgres/sessions.ts'
import { inOneFlight, inTransaction } from '../../core/postgres/transaction.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done } from '../../core/runtime/verdict.ts'

/** A part is read in a second or less, so that one long table is read by all lanes, and none waits long for the last. */
const PARTS_PER_CHUNK = 4
const MEGABYTE = 1_048_576

/**
 * PlanValidation: cuts the destination into the parts that the lanes read. Taken up again, it keeps what was read and found
 * equal: a task started again after somebody mended the destination reads the tables that differed, and only those.
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
      ...(mode === 'none' ? [] : [planParts(destination, run, partBytes)]),
      markPlanned(destination, run, 'validation_planned_at'),
    ])
  } else {
    await inTransaction(destination, async () => {
      await keepRun(destination, run)
      const relations = await readComparisons(destination, run)
      const different = relations.filter((relation) => compare(relation, mode) === 'differs')
      if (relations.some((relation) => relation.parts === 0 && !wasNotCreated(relation))) {
        // Planned when the task compared nothing, or when a table was not there yet.
        await planParts(destination, run, partBytes)
      } else
        await reopenParts(
          destination,
          run,
          different.map((relation) => relation.oid),
        )
    })
  }
}
