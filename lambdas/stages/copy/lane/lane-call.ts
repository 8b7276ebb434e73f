import type { Session } from '../../../core/postgres/connect.ts'
import type { StepEvent } from '../../../core/runtime/event.ts'
import type { StepTools } from '../../../core/runtime/step-handler.ts'
import type { Pace } from '../pace/pace.ts'

/** How long a counted lane that is not wanted stays away, seconds. */
export const TURN_SECONDS = 20

/** One call of a lane, and what all of it works with. */
export interface LaneCall {
  readonly event: StepEvent
  readonly step: StepTools
  readonly number: number
  /** Whether this lane works is found out while the copy goes on. */
  readonly counted: boolean
  readonly pace: Pace
  /** The lane's session on the destination, a pipelined one. */
  readonly destination: Session
  readonly signal: AbortSignal
  /** False where nothing new should be begun. */
  hasTime(): boolean
}
