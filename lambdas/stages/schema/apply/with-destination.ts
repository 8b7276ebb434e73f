import { requireOwnStart } from '../../../core/ledger/other-start.ts'
import { LAZY_COMMITS, settleCommits } from '../../../core/ledger/settle.ts'
import { underWatch } from '../../../core/ledger/step-watch.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { openDestination } from '../../../core/postgres/sessions.ts'
import type { StepEvent } from '../../../core/runtime/event.ts'
import type { StepTools } from '../../../core/runtime/step-handler.ts'
import { more, type StepAnswer } from '../../../core/runtime/verdict.ts'

/**
 * Opens a pipelined session to the destination for the time of `body`; what it has committed is durable when it is done. A call that is told to stop in the middle answers
 * `more`: what has no receipt is made by the next one. A run that is another start's is none of this step's business.
 * @throws SampanError RUN_TAKEN_OVER, RUN_SEALED
 */
export async function withDestination<Output>(
  event: StepEvent,
  step: StepTools,
  purpose: string,
  body: (destination: Session) => Promise<StepAnswer<Output>>,
): Promise<StepAnswer<Output>> {
  const options = { purpose, pipeline: true, signal: step.signal, settings: LAZY_COMMITS }
  const destination = await openDestination(event, step.environment, options)
  try {
    // Asked ahead of all that the body asks, and no round trip more. What the body writes meanwhile the fence holds back.
    const own = requireOwnStart(destination, event.run)
    own.catch(() => {})
    const answer = await underWatch(event, step, { destination }, () =>
      body(destination).catch((thrown: unknown) => own.then(() => Promise.reject(thrown))),
    )
    await own
    if (answer.verdict === 'done') await settleCommits(destination, event.run.id)
    return answer
  } catch (thrown) {
    if (step.signal.aborted) return more()
    throw thrown
  } finally {
    await destination.close()
  }
}
