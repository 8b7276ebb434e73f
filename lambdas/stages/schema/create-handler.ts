import { alignChunks } from '../../core/ledger/chunks/plan.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { timeKeeper } from '../../core/runtime/time-keeper.ts'
import { done, more } from '../../core/runtime/verdict.ts'
import { noteDefinitions } from '../../core/structure/definitions.ts'
import { applyStage } from './apply/stage.ts'
import { requireAllMade } from './apply/unmade.ts'
import { withDestination } from './apply/with-destination.ts'

/** CreateObjects: what rows need to arrive: schemas, extensions, types, functions, tables, views. */
export const handler = stepHandler('CreateObjects', (event: StepEvent, step) =>
  withDestination(event, step, 'create', async (destination) => {
    const { id: run } = event.run
    const hasTime = timeKeeper(step)
    if (!(await applyStage(destination, { run, stage: 'create', hasTime, progressed: step.progressed }))) return more()
    await Promise.all([alignChunks(destination, run), requireAllMade(destination, run, event.task.onObjectError)])
    await noteDefinitions(destination, run)
    return done()
  }),
)
