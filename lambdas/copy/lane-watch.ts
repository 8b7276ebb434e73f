import { setTimeout as sleep } from 'node:timers/promises'
import { type LaneControl, readLaneControl } from '../ledger/lane-control.ts'
import type { Session } from '../postgres/connect.ts'
import { toSampanError } from '../runtime/errors.ts'
import type { StepTools } from '../runtime/step-handler.ts'
import type { Pace } from './pace.ts'

/** How often a lane looks at the limits: a change holds within five seconds. */
const INTERVAL_MILLISECONDS = 2_000

/** Done with every look, on the same connection, when its own limits are applied. */
export type AlsoAsk = (session: Session, control: LaneControl) => Promise<void>

/**
 * Keeps a lane's pace in step with the ledger, on a connection of its own because the lane's is busy with COPY. It is
 * opened with the first look, so a lane that is done within two seconds costs none.
 */
export class LaneWatch {
  readonly #open: () => Promise<Session>
  readonly #run: string
  readonly #pace: Pace
  readonly #alsoAsk: AlsoAsk
  readonly #stop = new AbortController()
  #session: Session | null = null
  #loop: Promise<void> | null = null

  constructor(open: () => Promise<Session>, run: string, pace: Pace, alsoAsk: AlsoAsk) {
    this.#open = open
    this.#run = run
    this.#pace = pace
    this.#alsoAsk = alsoAsk
  }

  start(logger: StepTools['logger']): void {
    this.#loop = this.#watch(logger)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#loop
    await this.#session?.close()
  }

  async #watch(logger: StepTools['logger']): Promise<void> {
    const { signal } = this.#stop
    while (await slept(INTERVAL_MILLISECONDS, signal)) {
      try {
        this.#session ??= await this.#open()
        const control = await readLaneControl(this.#session, this.#run)
        this.#pace.apply(control)
        await this.#alsoAsk(this.#session, control)
      } catch (thrown) {
        // The limits as they were last read go on holding; the lane's own connection tells of a lost server.
        logger.warn('LIMITS_NOT_READ', { because: toSampanError(thrown).code })
        this.#session?.destroy()
        this.#session = null
      }
    }
  }
}

async function slept(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(milliseconds, undefined, { signal })
    return true
  } catch {
    return false
  }
}
