import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '../../../core/postgres/connect.ts'

const PROBES = 5
/** All probes of a look together; one that is under way is waited for. */
const LOOK_MILLISECONDS = 500
/** An answer that takes longer counts as this long: above every target a task may give. */
const LONGEST_MILLISECONDS = 2_000
/** A row by an index of the catalogue, as small as a client's smallest question. */
const PROBE = "SELECT relname FROM pg_catalog.pg_class WHERE oid = 'pg_catalog.pg_class'::pg_catalog.regclass"

/** Measures how long a client of the source waits for an answer, on a session of its own, which has no COPY on it. */
export class SourceLatency {
  readonly #open: () => Promise<Session>
  #session: Session | null = null

  constructor(open: () => Promise<Session>) {
    this.#open = open
  }

  /**
   * The median of some probes, milliseconds.
   * @throws SampanError where the source does not answer at all; the next look opens another session
   */
  async measure(): Promise<number> {
    try {
      this.#session ??= await this.#open()
      const session = this.#session
      const taken: number[] = []
      const until = performance.now() + LOOK_MILLISECONDS
      while (taken.length < PROBES && performance.now() < until) taken.push(await this.#probe(session))
      return taken.toSorted((one, other) => one - other)[Math.floor(taken.length / 2)] ?? LONGEST_MILLISECONDS
    } catch (thrown) {
      this.#session?.destroy()
      this.#session = null
      throw thrown
    }
  }

  async close(): Promise<void> {
    await this.#session?.close()
    this.#session = null
  }

  async #probe(session: Session): Promise<number> {
    const started = performance.now()
    const patience = new AbortController()
    const asked = session.rows(PROBE).then(() => true)
    const waited = sleep(LONGEST_MILLISECONDS, false, { signal: patience.signal }).catch(() => false)
    const answered = await Promise.race([asked, waited]).finally(() => patience.abort())
    if (answered) return performance.now() - started
    // The next look asks on another session: this one has an answer under way.
    asked.catch(() => {})
    session.destroy()
    this.#session = null
    return LONGEST_MILLISECONDS
  }
}
