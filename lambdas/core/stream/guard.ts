import { setTimeout as sleep } from 'node:timers/promises'
import type { CloudEnvironment } from '../cloud/environment.ts'
import { readStream } from '../ledger/stream.ts'
import type { Session } from '../postgres/connect.ts'
import { openDestination, openSource } from '../postgres/sessions.ts'
import { toSampanError } from '../runtime/errors.ts'
import type { StepEvent } from '../runtime/event.ts'
import type { StepLogger } from '../runtime/logging.ts'
import { Budget } from './budget.ts'
import { streamName } from './names.ts'
import { LOOK_MILLISECONDS, type Look, lookAtSlot, tellLook } from './retained.ts'

/** A server that says nothing for so long is asked over another connection. */
const ANSWER_MILLISECONDS = 20_000
const CONNECT_MILLISECONDS = 5_000

/** Where and for whom. */
export interface Guarding {
  readonly event: StepEvent
  readonly environment: CloudEnvironment
  readonly logger: Pick<StepLogger, 'warn'>
  /** Ends it. */
  readonly signal: AbortSignal
}

/**
 * Looks after what the source keeps for a database of a run that follows, as long as anything of the run lives: whatever its steps are at, between
 * two attempts of one, and where the destination does not answer. Needs the source alone; the ledger is told when it can be. Throws nothing.
 */
export async function guardSource({ event, environment, logger, signal }: Guarding): Promise<void> {
  const budget = new Budget(event, environment, signal)
  const source = new Kept(() => openSource(event, environment, options(signal)))
  const destination = new Kept(() => openDestination(event, environment, options(signal)))
  let name = streamName(event)
  let telling: Promise<void> | null = null
  while (!signal.aborted) {
    try {
      const look = await source.ask((session) => lookAtSlot(session, name, budget))
      // Nobody waits for the destination: what was not told is found again.
      telling ??= tell(look).finally(() => {
        telling = null
      })
    } catch (thrown) {
      if (!signal.aborted) logger.warn('SOURCE_UNGUARDED', { because: toSampanError(thrown).code })
    }
    await sleep(LOOK_MILLISECONDS, undefined, { signal }).catch(() => {})
  }
  await telling
  await Promise.all([source.close(), destination.close()])

  async function tell(look: Look): Promise<void> {
    try {
      await destination.ask(async (session) => {
        await tellLook(session, event.run.id, look)
        // An earlier start may have opened it under the name that the task had for the destination then.
        const row = await readStream(session, event.run.id)
        if (row !== null && row.state !== 'closed') name = row.slot
      })
    } catch {
      // The steps tell of a destination that is away; its ledger may not be made yet.
    }
  }
}

const options = (signal: AbortSignal) => ({
  purpose: 'guard',
  signal,
  timeoutMilliseconds: CONNECT_MILLISECONDS,
  settings: { statement_timeout: '15s' },
})

/** A session that is opened when it is needed, and again when it was lost. */
class Kept {
  readonly #open: () => Promise<Session>
  #session: Session | null = null

  constructor(open: () => Promise<Session>) {
    this.#open = open
  }

  async ask<Answer>(question: (session: Session) => Promise<Answer>): Promise<Answer> {
    const expired = Promise.withResolvers<never>()
    const timer = setTimeout(() => expired.reject(new Error('no answer')), ANSWER_MILLISECONDS)
    try {
      this.#session ??= await this.#open()
      return await Promise.race([question(this.#session), expired.promise])
    } catch (thrown) {
      this.#session?.destroy()
      this.#session = null
      throw thrown
    } finally {
      clearTimeout(timer)
    }
  }

  async close(): Promise<void> {
    await this.#session?.close()
  }
}
