import { LAZY_COMMITS } from '../../../core/ledger/settle.ts'
import { countNow } from '../../../core/postgres/counters.ts'
import { openDestination } from '../../../core/postgres/sessions.ts'
import type { StepEvent } from '../../../core/runtime/event.ts'
import { stepHandler } from '../../../core/runtime/step-handler.ts'
import { done, more, waiting } from '../../../core/runtime/verdict.ts'
import { databasesAtOnce } from '../../../core/task/lanes.ts'
import { Pace } from '../pace/pace.ts'
import { copyChunks } from './copy-chunks.ts'
import { untilTurn } from './turn.ts'

/** A lane that has less time left than this claims nothing more: a chunk takes a minute or two at most. */
const FLIGHT_MILLISECONDS = 120_000

/** CopyLane: copies until nothing is left, or until the call's time is nearly used. */
export const handler = stepHandler('CopyLane', async (event: StepEvent, step) => {
  const number = event.lane ?? 0
  const reserve = Math.min(FLIGHT_MILLISECONDS, step.remainingMilliseconds() / 4)
  const hasTime = () => !step.signal.aborted && step.remainingMilliseconds() > reserve
  // The first lane is always wanted; whether another one is, those before it find out.
  const counted = event.task.lanes === 'auto' && number > 0
  const destination = await openDestination(event, step.environment, {
    // While it waits it must not be taken for a lane at work.
    purpose: `${counted ? 'turn' : 'lane'}:${number}`,
    signal: step.signal,
    // Rows and receipts that the server loses in a crash it loses together; the summary's commit makes all of them durable.
    settings: LAZY_COMMITS,
  })
  try {
    const pace = new Pace(number, databasesAtOnce(event))
    const call = { event, step, number, counted, pace, destination, signal: step.signal, hasTime }
    const turn = counted ? await untilTurn(call) : 'now'
    if (turn === 'never') return done()
    if (turn === 'now') {
      const answer = await copyChunks(call)
      if (answer.verdict === 'done') await countNow(destination)
      return answer
    }
    return hasTime() ? waiting(turn.seconds) : more()
  } finally {
    await destination.close()
  }
})
