import type { StoryCounts } from '../../core/ledger/story/story.ts'

/** How many things of each kind report.json has, of all databases together: some megabytes, whatever a run has. */
const WHOLE = { tables: 1_000, objects: 3_000, sequences: 1_000, events: 1_000 }
/** How many more that need attention, of all databases and of one. */
const ATTENTION = 500
const ATTENTION_OF_ONE = 100

export type Listed = keyof typeof WHOLE

/**
 * The room in report.json. Each database has an equal share of it; one with more that needs attention than its share holds takes from
 * what is kept for that.
 */
export class Room {
  readonly #databases: number
  readonly #left = { tables: ATTENTION, objects: ATTENTION, sequences: ATTENTION, events: ATTENTION }

  /** @param databases how many share it */
  constructor(databases: number) {
    this.#databases = Math.max(1, databases)
  }

  /** Whether a database with so many things has all of them in the report. */
  holds({ relations, objects, sequences, events }: StoryCounts): boolean {
    const counted = { tables: relations, objects, sequences, events }
    return (Object.keys(counted) as Listed[]).every((of) => counted[of] <= this.#share(of))
  }

  /** What one database may have at most. */
  most(of: Listed): number {
    return this.#share(of) + ATTENTION_OF_ONE
  }

  /** What a database gets that has so many things that need attention; what is beyond its share is taken. */
  take(of: Listed, urgent: number): number {
    const share = this.#share(of)
    const more = Math.min(Math.max(0, urgent - share), ATTENTION_OF_ONE, this.#left[of])
    this.#left[of] -= more
    return share + more
  }

  #share(of: Listed): number {
    return Math.floor(WHOLE[of] / this.#databases)
  }
}
