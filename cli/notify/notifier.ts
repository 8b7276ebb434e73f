import { setTimeout as sleep } from 'node:timers/promises'
import type { AlertMessage } from './alert.ts'
import type { NotifyTarget } from './target.ts'

export interface NotifierTimes {
  /** How long one message may take, milliseconds. */
  readonly patience: number
  /** Before the second attempt and each further one, milliseconds. */
  readonly pauses: readonly number[]
  /** How long what is still on its way is waited for when the run is over, milliseconds. */
  readonly atEnd: number
}

const TIMES: NotifierTimes = { patience: 10_000, pauses: [2_000, 15_000], atEnd: 10_000 }
/** Messages that wait for one target; what comes then is dropped, and counted. */
const MOST_WAITING = 50

/** Messages that did not arrive. */
export interface Undelivered {
  readonly target: string
  readonly messages: number
  /** Of the last of them. */
  readonly why: string
}

/** Sends alerts beside the run, each target one after the other: nobody waits for it before the end, and no longer than its patience there. */
export class Notifier {
  readonly #lines: readonly Line[]
  readonly #times: NotifierTimes

  constructor(targets: readonly NotifyTarget[], times: Partial<NotifierTimes> = {}) {
    this.#times = { ...TIMES, ...times }
    this.#lines = targets.map((target) => new Line(target, this.#times))
  }

  /** Returns at once. */
  tell(message: AlertMessage): void {
    for (const line of this.#lines) line.add(message)
  }

  /** Waits for what is on its way, for a while. @returns what did not arrive, in all the time */
  async end(): Promise<readonly Undelivered[]> {
    const waited = new AbortController()
    const all = Promise.all(this.#lines.map((line) => line.idle()))
    await Promise.race([all, sleep(this.#times.atEnd, undefined, { signal: waited.signal }).catch(() => {})])
    waited.abort()
    for (const line of this.#lines) line.giveUp()
    await all
    return this.#lines.flatMap(({ undelivered }) => (undelivered === null ? [] : [undelivered]))
  }
}

/** What waits for one target. */
class Line {
  readonly #target: NotifyTarget
  readonly #times: NotifierTimes
  readonly #waiting: AlertMessage[] = []
  readonly #over = new AbortController()
  #sending: Promise<void> | null = null
  #lost = 0
  #why = ''

  constructor(target: NotifyTarget, times: NotifierTimes) {
    this.#target = target
    this.#times = times
  }

  get undelivered(): Undelivered | null {
    return this.#lost === 0 ? null : { target: this.#target.name, messages: this.#lost, why: this.#why }
  }

  add(message: AlertMessage): void {
    if (this.#waiting.length >= MOST_WAITING) this.#lose('is too slow for so many')
    else this.#waiting.push(message)
    this.#sending ??= this.#sendAll()
  }

  idle(): Promise<void> {
    return this.#sending ?? Promise.resolve()
  }

  giveUp(): void {
    this.#over.abort()
  }

  async #sendAll(): Promise<void> {
    for (let message = this.#waiting.shift(); message !== undefined; message = this.#waiting.shift())
      await this.#send(message)
    // At once: what is added in the next moment begins anew.
    this.#sending = null
  }

  async #send(message: AlertMessage): Promise<void> {
    for (const pause of [0, ...this.#times.pauses]) {
      await sleep(pause, undefined, { signal: this.#over.signal }).catch(() => {})
      const late = AbortSignal.timeout(this.#times.patience)
      try {
        this.#over.signal.throwIfAborted()
        await this.#target.send(message, AbortSignal.any([this.#over.signal, late]))
        return
      } catch (thrown) {
        const given = late.aborted || this.#over.signal.aborted
        this.#why = given ? this.#why || 'does not answer' : (thrown as Error).message
        if (this.#over.signal.aborted) break
      }
    }
    this.#lose(this.#why)
  }

  #lose(why: string): void {
    this.#lost += 1
    this.#why = why
  }
}
