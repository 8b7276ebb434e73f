import { quoteLiteral } from '../postgres/identifiers.ts'
import { applicationName } from '../postgres/sessions.ts'
import type { StepEvent } from '../runtime/event.ts'
import { stepHandler } from '../runtime/step-handler.ts'
import { done, more } from '../runtime/verdict.ts'
import { applyLane } from './apply/lane.ts'
import { timeKeeper, withDestination } from './with-destination.ts'

/**
 * BuildIndexes, one lane: keys, indexes, statistics and the filling of materialized views.
 *
 * A statement may outlive its call: the server has the whole Query, receipt included, and goes on when the connection is
 * gone; meanwhile its row lock tells other lanes to leave the object alone. The session's application name names the
 * object, `sampan:<run>:index:<id>`.
 */
export const handler = stepHandler('BuildIndexes', (event: StepEvent, step) =>
  withDestination(event, step, 'index', async (destination) => {
    const run = event.run.id
    const complete = await applyLane(destination, {
      run,
      lane: event.lane ?? 0,
      lanes: event.task.lanes,
      signal: step.signal,
      hasTime: timeKeeper(step),
      progressed: step.progressed,
      announce: ({ id }) =>
        destination.execute(`SET application_name = ${quoteLiteral(applicationName(run, `index:${id}`))}`),
    })
    return complete ? done() : more()
  }),
)
