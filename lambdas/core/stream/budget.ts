import { type CloudEnvironment, defaultRegion } from '../cloud/environment.ts'
import { readFreeStorage } from '../cloud/free-storage.ts'
import type { StepEvent } from '../runtime/event.ts'

/** Where neither the task nor CloudWatch says anything. */
const DEFAULT_MEGABYTES = 10_240
/** Of the storage that would be free without the slot. */
const PART = 1 / 5
const ASK_MILLISECONDS = 5 * 60_000
const ANSWER_MILLISECONDS = 10_000
const MEGABYTE = 1024 * 1024

/** How much WAL the source may keep for the run, and why so much. */
export interface Allowed {
  readonly megabytes: number
  /** For people. */
  readonly because: string
}

/**
 * How much WAL the source may keep: what the task says, or a fifth of the free storage of an RDS instance, which CloudWatch tells, or 10 GB: PostgreSQL
 * does not know its disk. Asked again every few minutes, since others fill the disk as well.
 */
export class Budget {
  readonly #event: StepEvent
  readonly #environment: CloudEnvironment
  readonly #signal: AbortSignal | undefined
  #free: number | null = null
  #asked = Number.NEGATIVE_INFINITY

  /** @param signal ends what is asked of CloudWatch; without it its own short time does */
  constructor(event: StepEvent, environment: CloudEnvironment, signal?: AbortSignal) {
    this.#event = event
    this.#environment = environment
    this.#signal = signal
  }

  /** @param retained bytes that the slot keeps now: without it they would be free */
  async allowed(retained: number): Promise<Allowed> {
    const { source, follow } = this.#event.task
    const given = follow?.maxRetainedMegabytes
    if (given !== undefined) return { megabytes: given, because: `follow.maxRetainedMegabytes is ${given}` }
    if (source.rdsInstance !== undefined) await this.#ask(source.rdsInstance)
    if (this.#free === null)
      return {
        megabytes: DEFAULT_MEGABYTES,
        because: `${DEFAULT_MEGABYTES} MB are the limit where the source’s free storage is not known`,
      }
    const megabytes = Math.floor(((this.#free + retained) * PART) / MEGABYTE)
    return { megabytes, because: `a fifth of the free storage of ${source.rdsInstance} is ${megabytes} MB` }
  }

  /** What was known before goes on holding where CloudWatch does not answer. */
  async #ask(instance: string): Promise<void> {
    if (performance.now() - this.#asked < ASK_MILLISECONDS) return
    this.#asked = performance.now()
    const patience = AbortSignal.timeout(ANSWER_MILLISECONDS)
    const signal = this.#signal === undefined ? patience : AbortSignal.any([this.#signal, patience])
    try {
      const region = this.#event.task.source.region ?? defaultRegion(this.#environment)
      this.#free = (await readFreeStorage(this.#environment, region, instance, signal)) ?? this.#free
    } catch {
      // The limit for a disk that nobody knows is told with every word about it.
    }
  }
}
