import { writeEvents } from '../../../core/ledger/events.ts'
import { type CurrentLimits, writePace } from '../../../core/ledger/limits.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import type { StepLogger } from '../../../core/runtime/logging.ts'
import { decidePace, FULL_PACE, type PaceState } from './decide-pace.ts'
import type { SourceLoad } from './source-load.ts'

/** A pace that swings is told once a minute; that it left or reached the full one, sooner. */
const TELL_MILLISECONDS = 60_000
const TELL_TURN_MILLISECONDS = 10_000

/**
 * The automatic throttle of a run in one database, kept by the lane that leads: it looks at the source and writes the pace
 * into the ledger, where every lane reads it.
 */
export class PaceKeeper {
  readonly #run: string
  readonly #lane: number
  readonly #load: Pick<SourceLoad, 'read' | 'close'>
  readonly #logger: StepLogger
  #state: PaceState = FULL_PACE
  #changedAt = 0
  #told = { pace: 1, at: Number.NEGATIVE_INFINITY }

  constructor(run: string, lane: number, load: Pick<SourceLoad, 'read' | 'close'>, logger: StepLogger) {
    this.#run = run
    this.#lane = lane
    this.#load = load
    this.#logger = logger
  }

  /** This lane leads from now on, whatever another one did before. */
  takeOver({ pace }: CurrentLimits): void {
    this.#state = { ...FULL_PACE, pace }
    this.#told = { pace, at: Number.NEGATIVE_INFINITY }
  }

  /** One look. @param session to the ledger, kept from look to look @param limits as they were read with this look */
  async look(session: Session, limits: CurrentLimits): Promise<void> {
    // Somebody may have switched it off and on again.
    if (limits.pace !== this.#state.pace) this.#state = { ...FULL_PACE, pace: limits.pace }
    const decision = decidePace(this.#state, await this.#load.read(limits, this.#changedAt))
    const { pace, reason } = decision
    if (pace !== this.#state.pace) {
      this.#changedAt = Date.now()
      await writePace(session, this.#run, pace, reason)
    }
    this.#state = decision
    await this.#tell(session, pace, reason)
  }

  close(): Promise<void> {
    return this.#load.close()
  }

  async #tell(session: Session, pace: number, reason: string): Promise<void> {
    if (pace === this.#told.pace) return
    const turned = pace === 1 || this.#told.pace === 1
    if (performance.now() - this.#told.at < (turned ? TELL_TURN_MILLISECONDS : TELL_MILLISECONDS)) return
    const code = pace === 1 ? 'PACE_FULL' : pace < this.#told.pace ? 'PACE_LOWERED' : 'PACE_RAISED'
    this.#told = { pace, at: performance.now() }
    this.#logger.info(code, { pace, reason })
    const message = `the lanes copy at ${Math.round(pace * 100)} % of their speed: ${reason}`
    await writeEvents(session, this.#run, [{ level: 'info', step: 'CopyLane', lane: this.#lane, code, message }])
  }
}
