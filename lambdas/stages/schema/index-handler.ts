import type { Session } from '../../core/postgres/connect.ts'
import { quoteLiteral } from '../../core/postgres/identifiers.ts'
import { applicationName } from '../../core/postgres/sessions.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { timeKeeper } from '../../core/runtime/time-keeper.ts'
import { done, more, waiting } from '../../core/runtime/verdict.ts'
import { laneNumbers } from '../../core/task/lanes.ts'
import { applyLane } from './apply/lane.ts'
import { withDestination } from './apply/with-destination.ts'

/**
 * BuildIndexes, one lane: keys, indexes, statistics, the filling of materialized views, foreign keys. It begins beside the
 * copy, and takes up a table as soon as all its rows are there.
 *
 * A statement may outlive its call: the server has the whole Query, receipt included, and goes on when the connection is
 * gone; meanwhile its row lock tells other lanes to leave the object alone. The session's application name names the
 * object, `sampan:<run>:index:<id>`.
 */
export const handler = stepHandler('BuildIndexes', (event: StepEvent, step) =>
  withDestination(event, step, 'index', async (destination) => {
    const run = event.run.id
    const outliving = outlive(destination)
    outliving.catch(() => {})
    const end = await applyLane(destination, {
      run,
      execution: event.run.execution,
      lane: event.lane ?? 0,
      lanes: laneNumbers(event.task).beside,
      signal: step.signal,
      hasTime: timeKeeper(step),
      progressed: step.progressed,
      announce: ({ id }) =>
        destination.execute(`SET application_name = ${quoteLiteral(applicationName(run, `index:${id}`))}`),
    })
    await outliving
    switch (end.kind) {
      case 'complete':
        return done()
      case 'time':
        return more()
      case 'waiting':
        return waiting(end.seconds)
    }
  }),
)

/** client_connection_check_interval came with 14. */
const CHECKS_SINCE = 140_000

/**
 * The server must not look after the client while a statement runs: neither by itself, where somebody has set that, nor by
 * sending a notice, whose failure ends the session.
 */
function outlive(destination: Session): Promise<void> {
  const check = destination.serverVersion >= CHECKS_SINCE ? `; SET client_connection_check_interval = 0` : ''
  return destination.execute(`SET client_min_messages = error${check}`)
}
