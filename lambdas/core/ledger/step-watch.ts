import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '../postgres/connect.ts'
import { openDestination, openSource } from '../postgres/sessions.ts'
import { type Holding, StallWatch, type Standing, stalledError, standingOf } from '../postgres/stall.ts'
import { SampanError, toSampanError } from '../runtime/errors.ts'
import type { StepEvent } from '../runtime/event.ts'
import type { StepTools } from '../runtime/step-handler.ts'
import { type RunEvent, writeEvents } from './events.ts'
import { describeHolder, endDeadLanes, endSessions, type Holder, readHolders, watchPurpose } from './holders.ts'

/** Milliseconds. Tests make them short. */
export const watchTimes = {
  /** Between two looks of a step that has nothing else to be told. */
  look: 10_000,
  /** And of a lane of the copy: a change of the limits holds within five seconds. */
  laneLook: 2_000,
  /** Between two words of a step that has something to say. */
  say: 1_000,
  /** No byte for so long, and the servers are asked; and how long a session must have been without a sign of life to be ended. */
  silent: 60_000,
  /** A lock of somebody else's is named after this time. */
  tell: 10_000,
  /** And waited for no longer than this. */
  patience: 300_000,
}

/** The step is over: so long it waits for the watch's last question. */
const LETTING_GO_MILLISECONDS = 1_000

export interface WatchOptions {
  readonly destination: Session
  /** Its sessions on the source, where it has any. */
  readonly source?: () => readonly Session[]
  readonly holding?: Holding
  /** @default watchTimes.look */
  readonly lookMilliseconds?: number
  /** Done between the looks, every second, on the watch's session. */
  say?(session: Session): Promise<void>
  /** Done with every look, on the watch's session. */
  alsoAsk?(session: Session): Promise<void>
}

/**
 * Looks after a step's session on the destination, from one of its own, which is opened with the first look: a short step costs none.
 * It ends what dead lanes left behind, names whom the session waits for, and gives the step up where its connection is lost
 * without a word, or a lock is not let go of. The step's own error is then only what followed: `failure` is the one to tell.
 */
export class StepWatch {
  readonly #event: StepEvent
  readonly #step: StepTools
  readonly #options: WatchOptions
  readonly #stop = new AbortController()
  /** For a session that does not let go. */
  readonly #kill = new AbortController()
  readonly #stall: StallWatch
  #session: Session | null = null
  #loop: Promise<void> | null = null
  #failure: SampanError | null = null
  /** Since when each is waited for, and whether that was told. */
  #waits = new Map<number, { readonly since: number; told: boolean }>()

  constructor(event: StepEvent, step: StepTools, options: WatchOptions) {
    this.#event = event
    this.#step = step
    this.#options = options
    const sessions = () => [...(options.source?.() ?? []), options.destination]
    this.#stall = new StallWatch(sessions, options.holding)
  }

  /** Why the watch has given the step up. */
  get failure(): SampanError | null {
    return this.#failure
  }

  start(): void {
    this.#loop = this.#watch()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    const timer = setTimeout(() => this.#kill.abort(), LETTING_GO_MILLISECONDS)
    await this.#loop
    clearTimeout(timer)
    await this.#session?.close()
  }

  async #watch(): Promise<void> {
    let next = performance.now() + (this.#options.lookMilliseconds ?? watchTimes.look)
    while (this.#failure === null && (await this.#pause(next))) {
      if (performance.now() < next) {
        await this.#asks((session) => this.#options.say?.(session) ?? Promise.resolve())
        continue
      }
      this.#stall.silence()
      await this.#asks((session) => this.#look(session))
      await this.#lookForStall()
      next = performance.now() + (this.#options.lookMilliseconds ?? watchTimes.look)
    }
  }

  /** What the watch's own connection does not do is done at the next look. */
  async #asks(ask: (session: Session) => Promise<void>): Promise<void> {
    const expired = new AbortController()
    // Its own connection may be lost in the same way.
    const timer = setTimeout(() => expired.abort(), watchTimes.silent / 2)
    try {
      await Promise.race([this.#open().then(ask), rejectedBy(expired.signal)])
    } catch (thrown) {
      // What was read last goes on holding; the step's own connection tells of a lost server.
      this.#step.logger.warn('WATCH_BLIND', { because: toSampanError(thrown).code })
      this.#session?.destroy()
      this.#session = null
    } finally {
      clearTimeout(timer)
    }
  }

  async #look(session: Session): Promise<void> {
    await this.#options.say?.(session)
    await this.#options.alsoAsk?.(session)
    await this.#endDeadLanes(session)
    await this.#lookForHolders(session)
  }

  /** @param next when the next look is due */
  async #pause(next: number): Promise<boolean> {
    const { signal } = this.#stop
    const left = Math.max(0, next - performance.now())
    const milliseconds = this.#options.say === undefined ? left : Math.min(left, watchTimes.say)
    await sleep(milliseconds, undefined, { signal }).catch(() => {})
    return !signal.aborted && !this.#step.signal.aborted
  }

  async #open(): Promise<Session> {
    this.#session ??= await openDestination(this.#event, this.#step.environment, {
      purpose: watchPurpose(this.#options.destination.backend),
      signal: AbortSignal.any([this.#kill.signal, this.#step.signal]),
    })
    return this.#session
  }

  async #endDeadLanes(session: Session): Promise<void> {
    const ended = await endDeadLanes(session, this.#event.run.id, watchTimes.silent / 1000)
    await this.#tell(session, ended.map(sessionEnded))
  }

  async #lookForHolders(session: Session): Promise<void> {
    const { backend } = this.#options.destination
    if (backend === null) return
    const holders = await readHolders(session, this.#event.run.id, backend, watchTimes.silent / 1000)
    const dead = holders.filter((holder) => holder.dead)
    await endSessions(
      session,
      dead.map(({ pid }) => pid),
    )
    // Lanes wait for each other, and none for long.
    const others = holders.filter((holder) => !holder.own)
    const now = performance.now()
    this.#waits = new Map(others.map(({ pid }) => [pid, this.#waits.get(pid) ?? { since: now, told: false }]))
    const due = others.filter(({ pid }) => this.#isDue(pid, now))
    await this.#tell(session, [...dead.map(sessionEnded), ...due.map(lockWaited)])
    const stuck = others.find(({ pid }) => now - (this.#waits.get(pid)?.since ?? now) >= watchTimes.patience)
    if (stuck !== undefined) await this.#giveUp(lockHeld(stuck), this.#options.destination, session)
  }

  #isDue(pid: number, now: number): boolean {
    const wait = this.#waits.get(pid)
    if (wait === undefined || wait.told || now - wait.since < watchTimes.tell) return false
    wait.told = true
    return true
  }

  async #lookForStall(): Promise<void> {
    const beside = new Map<Session, Session>()
    const ask = async (session: Session): Promise<Standing> => {
      try {
        const onServer = await this.#openBeside(session.side)
        beside.set(session, onServer)
        return await standingOf(onServer, session)
      } catch {
        return null
      }
    }
    const silence = this.#stall.silence()
    const stalled = await this.#stall.stalled(watchTimes.silent, ask)
    if (stalled !== null && !this.#stop.signal.aborted)
      await this.#giveUp(stalledError(stalled, silence), stalled.session, beside.get(stalled.session) ?? null)
    await Promise.all([...beside.values()].map((each) => each.close()))
  }

  #openBeside(side: Session['side']): Promise<Session> {
    const options = {
      purpose: 'ask',
      timeoutMilliseconds: 5_000,
      settings: { statement_timeout: '5s' },
      signal: AbortSignal.any([this.#kill.signal, this.#step.signal]),
    }
    const open = side === 'source' ? openSource : openDestination
    return open(this.#event, this.#step.environment, options)
  }

  /** The servers' processes first: they do not notice that nobody is behind them, and would keep their locks. */
  async #giveUp(failure: SampanError, { side }: Session, onServer: Session | null): Promise<void> {
    this.#failure = failure
    const sessions = [...(this.#options.source?.() ?? []), this.#options.destination]
    const end = (at: Session | null, which: Session['side']) =>
      at === null ? null : endSessions(at, pidsOf(sessions, which)).catch(() => {})
    await Promise.all([end(onServer, side), side === 'source' ? end(this.#session, 'destination') : null])
    for (const session of sessions) session.destroy()
  }

  async #tell(session: Session, events: readonly Pick<RunEvent, 'code' | 'message'>[]): Promise<void> {
    const { run, lane } = this.#event
    const { name } = this.#step
    await writeEvents(
      session,
      run.id,
      events.map((event) => ({ level: 'warning' as const, step: name, lane, ...event })),
    )
  }
}

function pidsOf(sessions: readonly Session[], which: Session['side']): readonly number[] {
  return sessions.flatMap(({ side, backend }) => (side === which && backend !== null ? [backend] : []))
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** Runs a step's body under a watch. @throws the watch's failure, where it has given the step up; else what the body throws */
export async function underWatch<Result>(
  event: StepEvent,
  step: StepTools,
  options: WatchOptions,
  body: () => Promise<Result>,
): Promise<Result> {
  const watch = new StepWatch(event, step, options)
  watch.start()
  try {
    return await body()
  } catch (thrown) {
    throw watch.failure ?? thrown
  } finally {
    await watch.stop()
  }
}

function sessionEnded(holder: Holder) {
  return {
    code: 'SESSION_ENDED',
    message: `nobody was behind ${describeHolder(holder)} any more, and it held what others need: it was ended, and what it had not committed is done again`,
  }
}

function lockWaited(holder: Holder) {
  return {
    code: 'LOCK_WAITED_FOR',
    message: `waits for a lock on the destination that ${describeHolder(holder)} holds`,
  }
}

function lockHeld(holder: Holder): SampanError {
  const end =
    holder.pid === 0 ? 'COMMIT PREPARED or ROLLBACK PREPARED it' : `SELECT pg_terminate_backend(${holder.pid})`
  return new SampanError({
    code: 'DST_LOCK_HELD',
    message: `${describeHolder(holder)} holds a lock on the destination that this step has waited for long enough`,
    remedy: `let it end its transaction, or end it: ${end}; it is tried again while the retry window is open`,
    retryable: true,
  })
}
