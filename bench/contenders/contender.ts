import type { Measure } from '../measure.ts'
import type { Database } from '../stage.ts'

/** One round of one contender: from a full source into an empty destination. */
export interface Round {
  readonly source: Database
  /** Made anew, empty. */
  readonly destination: Database
  /** How the contender reaches the destination, where a relay stands between; else the destination itself. */
  readonly far: Database
  /** A directory of the round's own. */
  readonly directory: string
}

export interface Contender {
  readonly name: string
  run(round: Round): Promise<Measure>
}
