import type { StepEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { timeKeeper } from '../../core/runtime/time-keeper.ts'
import { done, more } from '../../core/runtime/verdict.ts'
import { noteDefinitions } from '../../core/structure/definitions.ts'
import { applyStage } from './apply/stage.ts'
import { requireAllMade } from './apply/unmade.ts'
import { withDestination } from './apply/with-destination.ts'

/** LinkObjects: triggers, rules, policies, publications; event triggers last of all. */
export const handler = stepHandler('LinkObjects', (event: StepEvent, step) =>
  withDestination(event, step, 'link', async (destination) => {
    const { id: run } = event.run
    const hasTime = timeKeeper(step)
    if (!(await applyStage(destination, { run, stage: 'link', hasTime, progressed: step.progressed }))) return more()
    await requireAllMade(destination, run, event.task.onObjectError)
    await noteDefinitions(destination, run)
    return done()
  }),
)
