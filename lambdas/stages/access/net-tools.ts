import { readEnvironment } from '../../core/runtime/environment.ts'
import type { StepContext } from '../../core/runtime/event.ts'
import { createLogger } from '../../core/runtime/logging.ts'
import { stopSignal } from '../../core/runtime/stop-signal.ts'
import type { AccessTools } from './tools.ts'

/** Runs a function that is no step of the workflow (a schedule or an event calls it) with what closing needs. */
export async function withTools<Answer>(
  name: string,
  context: StepContext,
  body: (tools: AccessTools) => Promise<Answer>,
): Promise<Answer> {
  const environment = readEnvironment()
  const stop = stopSignal(context.getRemainingTimeInMillis(), context.signal)
  const logger = createLogger(environment.SAMPAN_LOG, { step: name, request: context.awsRequestId })
  try {
    return await body({ environment, signal: stop.signal, clock: () => new Date(), logger })
  } finally {
    stop.clear()
  }
}
