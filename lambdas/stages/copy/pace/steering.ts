import type { LaneControl } from '../../../core/ledger/lane-control.ts'
import { addLaneBytes } from '../../../core/ledger/lane-count.ts'
import { lead } from '../../../core/ledger/limits.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import type { LaneCounter } from './lane-counter.ts'
import type { Pace } from './pace.ts'
import type { PaceKeeper } from './pace-keeper.ts'

/** What a lane brought to tell: its number and the bytes of its stream. */
export interface LaneWord {
  readonly lane: number
  readonly pace: Pick<Pace, 'takeBytes'>
}

/**
 * What goes by itself in the copy of one database: its pace, and the number of its lanes. Of all lanes one leads, by a lock of
 * its watch's session; when it is gone, however it went, another one has the lock at its next look and goes on from what
 * stands in the ledger.
 */
export class Steering {
  readonly #run: string
  readonly #word: LaneWord
  readonly #keeper: PaceKeeper
  readonly #counter: LaneCounter
  /** The session whose lock makes this lane the one. */
  #leading: Session | null = null

  constructor(run: string, word: LaneWord, keeper: PaceKeeper, counter: LaneCounter) {
    this.#run = run
    this.#word = word
    this.#keeper = keeper
    this.#counter = counter
  }

  /** One look. @param session to the ledger, kept from look to look @param control as it was read with this look */
  async look(session: Session, control: LaneControl): Promise<void> {
    const counted = control.mostLanes !== null
    const held = control.sourceCpuPercent !== null || control.sourceLatencyMilliseconds !== null
    const bytes = this.#word.pace.takeBytes()
    if (counted) await addLaneBytes(session, this.#run, this.#word.lane, bytes)
    // Nothing is measured in a pause.
    if (control.paused || (!counted && !held)) return
    if (this.#leading !== session) {
      if (!(await lead(session, this.#run))) return
      this.#leading = session
      this.#keeper.takeOver(control)
      this.#counter.takeOver()
    }
    if (held) await this.#keeper.look(session, control)
    await this.#counter.look(session, control)
  }

  close(): Promise<void> {
    return this.#keeper.close()
  }
}
