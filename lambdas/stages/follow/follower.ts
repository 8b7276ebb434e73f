import type { Arrival, ChangeStream } from '../../core/stream/change-stream.ts'
import type { Operation } from '../../core/stream/fold.ts'
import type { Lsn } from '../../core/stream/lsn.ts'
import type { Applier } from './applier.ts'
import type { Translator } from './translate.ts'

/** What is held before it is applied, bytes in memory; another size for tests. */
export const partLimits = { bytes: 4 * 1024 * 1024, changes: 20_000 }
/** How often an idle position is moved: each is a commit. */
const IDLE_MILLISECONDS = 1_000

/** Takes what the stream brings and has it applied: whole transactions of the source, as many as there are, and large ones in parts. */
export class Follower {
  readonly #stream: ChangeStream
  readonly #applier: Applier
  readonly #translator: Translator
  #operations: Operation[] = []
  #bytes = 0
  /** A transaction of the source has begun and not ended. */
  #within = false
  /** The end of the last transaction that is whole, where it is not committed here. */
  #end: Lsn | null = null
  #idleAt = 0
  /** How often changes of rows have come. */
  changes = 0

  constructor(stream: ChangeStream, applier: Applier, translator: Translator) {
    this.#stream = stream
    this.#applier = applier
    this.#translator = translator
  }

  /** A transaction of the source is under way. */
  get isWithin(): boolean {
    return this.#within || this.#end !== null
  }

  /**
   * Takes what has come, and applies what is whole.
   * @param milliseconds how long it waits for something
   * @param eager moves the position at once, where nothing else comes
   */
  async step(milliseconds: number, eager: boolean): Promise<void> {
    for (const arrival of await this.#stream.take(milliseconds)) await this.#take(arrival, eager)
    if (!this.#within && this.#end !== null) await this.#commit(this.#end)
  }

  async #take(arrival: Arrival, eager: boolean): Promise<void> {
    if (arrival.kind === 'sent') {
      await this.#idle(arrival.end, eager)
      return
    }
    const { message, cost } = arrival
    switch (message.kind) {
      case 'begin':
        this.#within = true
        return
      case 'relation':
        this.#translator.check(message)
        return
      case 'commit':
        this.#within = false
        this.#end = message.end
        if (this.#isFull()) await this.#commit(message.end)
        return
      case 'nothing':
        return
      default:
        this.changes += 1
        this.#operations.push(this.#translator.translate(message))
        this.#bytes += cost
        if (this.#isFull()) await this.#part()
    }
  }

  #isFull(): boolean {
    return this.#bytes >= partLimits.bytes || this.#operations.length >= partLimits.changes
  }

  /** Of a transaction that is not whole yet. */
  async #part(): Promise<void> {
    const operations = this.#operations
    this.#operations = []
    this.#bytes = 0
    await this.#applier.apply(operations)
  }

  async #commit(end: Lsn): Promise<void> {
    await this.#part()
    await this.#applier.commit(end)
    this.#end = null
    // Only what is committed: a confirmed position beyond the receipt is loss.
    this.#stream.confirm(end)
  }

  /** Everything before `end` has been sent, and is here: the source need not keep it for us, whoever wrote it. */
  async #idle(end: Lsn, eager: boolean): Promise<void> {
    if (this.#within || this.#applier.isOpen || this.#operations.length > 0 || this.#end !== null) return
    if (end <= this.#applier.receipt) return
    if (!eager && performance.now() - this.#idleAt < IDLE_MILLISECONDS) return
    await this.#applier.commit(end)
    this.#idleAt = performance.now()
    this.#stream.confirm(end)
  }
}
