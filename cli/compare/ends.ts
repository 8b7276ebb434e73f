import type { Session } from '../../lambdas/core/postgres/connect.ts'
import { openDestination, openSource } from '../../lambdas/core/postgres/sessions.ts'
import type { Environment } from '../../lambdas/core/runtime/environment.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'

/** Both ends of one database. */
export interface Ends {
  readonly source: Session
  readonly destination: Session
}

interface Opening {
  readonly environment: Environment
  readonly signal: AbortSignal
}

/** One view for all statements of a transaction, and nothing written. */
const SETTINGS = { default_transaction_isolation: 'repeatable read', default_transaction_read_only: 'on' }

/** A pair of sessions that write nothing, and read one view for each transaction unless `settings` say otherwise. */
export async function openEnds(
  event: StepEvent,
  { environment, signal }: Opening,
  settings: Readonly<Record<string, string>> = SETTINGS,
): Promise<Ends & { close(): Promise<void> }> {
  const options = { purpose: 'compare', signal, settings, pipeline: true }
  const source = await openSource(event, environment, options)
  try {
    const destination = await openDestination(event, environment, options)
    const close = async () => void (await Promise.all([source.close(), destination.close()]))
    return { source, destination, close }
  } catch (thrown) {
    await source.close()
    throw thrown
  }
}

/** Both ends for as long as `body` takes. */
export async function withEnds<Result>(
  event: StepEvent,
  tools: Opening,
  body: (ends: Ends) => Promise<Result>,
): Promise<Result> {
  const ends = await openEnds(event, tools)
  try {
    return await body(ends)
  } finally {
    await ends.close()
  }
}
