import type { Session } from '../../postgres/connect.ts'
import { readLimits } from '../limits.ts'

/** Class of the advisory locks that are slots; those of sampan.claim_step have another one. */
const SLOT_CLASS = 1935764850

/**
 * How many lanes may build at once where somebody has limited it. A slot is an advisory lock of the session that builds: a
 * statement that outlives its lane keeps it until the server is done, and a lane that dies keeps nothing.
 */
export class BuildSlots {
  readonly #session: Session
  readonly #run: string
  #held: number | null = null

  constructor(session: Session, run: string) {
    this.#session = session
    this.#run = run
  }

  /** The limit as it stands, asked in the caller's flight. Lanes counted by their streams limit no builds. */
  async limit(): Promise<number> {
    const { lanes, mostLanes } = await readLimits(this.#session, this.#run)
    return mostLanes === null ? lanes : Number.POSITIVE_INFINITY
  }

  /**
   * The slot that is this session's, from 0; a slot above the limit is given back. Costs a round trip unless one is held.
   * @returns `null` where all are taken
   */
  async take(most: number): Promise<number | null> {
    if (this.#held !== null && this.#held < most) return this.#held
    await this.release()
    const [row] = await this.#session.rows<{ slot: number }>(
      `SELECT slot FROM pg_catalog.generate_series(0, $3 - 1) AS slot
        WHERE pg_catalog.pg_try_advisory_lock($2, ${KEY}) LIMIT 1`,
      [this.#run, SLOT_CLASS, most],
    )
    this.#held = row?.slot ?? null
    return this.#held
  }

  async release(): Promise<void> {
    if (this.#held === null) return
    const slot = this.#held
    this.#held = null
    await this.#session.rows(`SELECT pg_catalog.pg_advisory_unlock($2, ${KEY}) FROM (SELECT $3::integer AS slot) one`, [
      this.#run,
      SLOT_CLASS,
      slot,
    ])
  }
}

const KEY = `pg_catalog.hashtext($1 || ':slot:' || slot)`
