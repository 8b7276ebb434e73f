import { SampanError } from '../runtime/errors.ts'
import type { Session } from './connect.ts'
import type { Side } from './errors.ts'
import { bytesMoved, isAnswerOutstanding } from './outstanding.ts'

/** What a step's sessions are held back by, where it is the step itself that does it. */
export interface Holding {
  /** True where the limits of the run hold the stream: such a time is no silence. */
  byLimits(): boolean
  /** True where the destination takes less than the source would give: the source has to wait then. */
  byDestination(): boolean
}

const NOT_HELD: Holding = { byLimits: () => false, byDestination: () => false }

/** What a server says of one of our sessions: at work, waiting for us, or gone; `null` where it cannot be asked. */
export type Standing = 'works' | 'waits' | 'gone' | null

/** A session that has fallen silent, by its server's own word. */
export interface Stalled {
  readonly session: Session
  readonly standing: Exclude<Standing, 'works'>
}

/** Where nobody could be asked, the silence has to last so many times longer. */
const WITHOUT_WORD = 5

/**
 * Tells a connection that swallows what is sent from a server that has much to do. Between them may stand a NAT gateway, a proxy or a
 * firewall that forgets the connection and answers no packet, or answers all of them: then neither end learns of it. Silence
 * alone proves nothing (a filter that finds no row, a lock, a digest), so the server is asked on another connection: a session that waits
 * for its client there, while we wait for it here, is lost.
 */
export class StallWatch {
  readonly #sessions: () => readonly Session[]
  readonly #holding: Holding
  readonly #clock: () => number
  #moved = ''
  #since: number
  /** Found at the last look: its answer may have been on its way just then. */
  #suspected: Session | null = null

  /** @param sessions those of the step, in the order in which they are to be blamed */
  constructor(
    sessions: () => readonly Session[],
    holding: Holding = NOT_HELD,
    clock: () => number = () => performance.now(),
  ) {
    this.#sessions = sessions
    this.#holding = holding
    this.#clock = clock
    this.#since = clock()
  }

  /** Milliseconds in which no byte has moved although one was waited for and nothing of ours held it back. Look often. */
  silence(): number {
    const sessions = this.#sessions()
    const moved = sessions.map(bytesMoved).join()
    if (moved !== this.#moved || this.#holding.byLimits() || !sessions.some(isAnswerOutstanding)) {
      this.#moved = moved
      this.#since = this.#clock()
      this.#suspected = null
    }
    return this.#clock() - this.#since
  }

  /**
   * Whom to blame after a silence of at least `silent` milliseconds, at the second look that finds it.
   * @param ask what the session's server says of it
   */
  async stalled(silent: number, ask: (session: Session) => Promise<Standing>): Promise<Stalled | null> {
    const silence = this.silence()
    if (silence < silent) return null
    for (const session of this.#suspects()) {
      const standing = await ask(session)
      if (standing === 'works' || (standing === null && silence < WITHOUT_WORD * silent)) continue
      if (this.#suspected === session) return { session, standing }
      this.#suspected = session
      return null
    }
    this.#suspected = null
    return null
  }

  /** The destination waits for us with reason while the source has more to send, and the source while it does not take it. */
  #suspects(): readonly Session[] {
    const owing = this.#sessions().filter(isAnswerOutstanding)
    const source = owing.filter(({ side }) => side === 'source')
    const full = this.#holding.byDestination()
    return source.length > 0 && !full ? source : owing.filter(({ side }) => side === 'destination')
  }
}

/** ClientRead and ClientWrite are told since 10. */
const CLIENT_WAITS_SINCE = 100_000

/** @param onServer another session of the same server and account */
export async function standingOf(onServer: Session, { backend }: Session): Promise<Standing> {
  if (backend === null) return 'works'
  const waits = onServer.serverVersion >= CLIENT_WAITS_SINCE ? ` OR wait_event_type = 'Client'` : ''
  const [row] = await onServer.rows<{ waits: boolean }>(
    `SELECT state LIKE 'idle%'${waits} AS waits FROM pg_catalog.pg_stat_activity WHERE pid = $1`,
    [backend],
  )
  if (row === undefined) return 'gone'
  return row.waits ? 'waits' : 'works'
}

const STANDINGS = {
  waits: 'waits for this end',
  gone: 'is gone',
}

/** @param silent how long nothing has come, milliseconds */
export function stalledError({ session, standing }: Stalled, silent: number): SampanError {
  const { side, backend } = session
  const word = standing === null ? `the ${side} cannot be asked` : `there process ${backend} ${STANDINGS[standing]}`
  return new SampanError({
    code: `${CODES[side]}_STALLED`,
    message: `no byte has come from the ${side} for ${Math.round(silent / 1000)} s, and ${word}: the connection was given up`,
    remedy: `nothing to do while the retry window is open; look for a proxy, NAT gateway or firewall before the ${side} that forgets connections`,
    retryable: true,
    kind: 'connection',
  })
}

const CODES: Readonly<Record<Side, string>> = { source: 'SRC', destination: 'DST' }
