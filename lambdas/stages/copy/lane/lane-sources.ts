import { importView } from '../../../core/ledger/view.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { openSource } from '../../../core/postgres/sessions.ts'
import { beginInView, exportView } from '../../../core/postgres/snapshot.ts'
import type { Sources } from '../stream/flight.ts'
import type { LaneCall } from './lane-call.ts'

const FLIGHT = 'SAVEPOINT flight'

/**
 * Lets go of every lock that was taken since the last time, and keeps the view. A lane's transaction stays open as long as its
 * call: with the locks on all that it has read, it would fill the server's lock table, and an ALTER TABLE of the
 * application would wait for minutes, with everybody behind it.
 */
export const LET_GO = `ROLLBACK TO ${FLIGHT}`

/** A lane's sessions on the source, on their way from the first moment: one for rows, one for digests where there are any. */
export class LaneSources {
  readonly #rows: Promise<Session>
  readonly #digests: Promise<Session | null>
  readonly #opened: Session[] = []

  constructor({ event, step, number }: LaneCall) {
    const open = async () => {
      const session = await openSource(event, step.environment, { purpose: `lane:${number}`, signal: step.signal })
      this.#opened.push(session)
      return session
    }
    this.#rows = open()
    this.#digests = event.task.validation.mode === 'full' ? open() : Promise.resolve(null)
    // Whoever asks for them gets the error.
    for (const opening of [this.#rows, this.#digests]) opening.catch(() => {})
  }

  /** Those that are there by now. */
  get opened(): readonly Session[] {
    return this.#opened
  }

  /** The session that the rows are read on. */
  rows(): Promise<Session> {
    return this.#rows
  }

  /** Begins in the run's view. @returns its generation @throws SampanError as importView */
  async importView({ destination, event, signal }: LaneCall): Promise<number> {
    return importView(await this.#rows, destination, event.run.id, signal)
  }

  /** Both sessions in the view that was imported, whatever the keepers do meanwhile. */
  async inOneView(): Promise<Sources> {
    const [rows, digests] = await Promise.all([this.#rows, this.#digests])
    const shared = digests !== null && (await beginInView(digests, await exportView(rows)))
    // Not before: a snapshot cannot be exported inside.
    await Promise.all([rows.execute(FLIGHT), shared ? digests.execute(FLIGHT) : null])
    return { rows, digests: shared ? digests : null }
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled([this.#rows, this.#digests])
    await Promise.all(opened.map((each) => (each.status === 'fulfilled' ? each.value?.close() : null)))
  }
}
