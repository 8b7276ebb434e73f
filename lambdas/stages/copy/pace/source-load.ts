import type { CloudEnvironment } from '../../../core/cloud/environment.ts'
import { type CpuDatum, readSourceCpu } from '../../../core/cloud/source-cpu.ts'
import type { CurrentLimits } from '../../../core/ledger/limits.ts'
import { toSampanError } from '../../../core/runtime/errors.ts'
import type { StepLogger } from '../../../core/runtime/logging.ts'
import type { Reading } from './decide-pace.ts'
import type { SourceLatency } from './source-latency.ts'

/** CloudWatch has a datum a minute; asking more often would only cost. */
const CPU_MILLISECONDS = 20_000

/** The instance whose CPU is looked at. */
export interface SourceInstance {
  readonly identifier: string
  readonly region: string
}

/** What is found about the source, look by look. What cannot be found is said once in the log, and once when it is back. */
export class SourceLoad {
  readonly #latency: SourceLatency
  readonly #instance: SourceInstance | null
  readonly #environment: CloudEnvironment
  readonly #logger: StepLogger
  readonly #stop = new AbortController()
  readonly #missing = new Set<string>()
  #datum: CpuDatum | null = null
  /** When the minute began that was judged last: each is judged once. */
  #judged = Number.NEGATIVE_INFINITY
  #asked = Number.NEGATIVE_INFINITY
  #asking: Promise<void> = Promise.resolve()

  constructor(
    latency: SourceLatency,
    instance: SourceInstance | null,
    environment: CloudEnvironment,
    logger: StepLogger,
  ) {
    this.#latency = latency
    this.#instance = instance
    this.#environment = environment
    this.#logger = logger
  }

  /**
   * A reading for each target, `null` where there is none.
   * @param since a minute of CPU that began before it (milliseconds since 1970) tells of another pace
   */
  async read(limits: CurrentLimits, since: number): Promise<readonly (Reading | null)[]> {
    const { sourceLatencyMilliseconds, sourceCpuPercent } = limits
    return [
      ...(sourceLatencyMilliseconds === null ? [] : [await this.#readLatency(sourceLatencyMilliseconds)]),
      ...(sourceCpuPercent === null ? [] : [this.#readCpu(sourceCpuPercent, since)]),
    ]
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all([this.#asking, this.#latency.close()])
  }

  async #readLatency(target: number): Promise<Reading | null> {
    try {
      const value = await this.#latency.measure()
      this.#found('SOURCE_LATENCY_UNKNOWN')
      return { what: 'latency', value, target, fresh: true }
    } catch (thrown) {
      this.#lost('SOURCE_LATENCY_UNKNOWN', toSampanError(thrown).code)
      return null
    }
  }

  /** By the datum that is known: nobody waits for CloudWatch. */
  #readCpu(target: number, since: number): Reading | null {
    if (this.#instance === null) {
      this.#lost('SOURCE_CPU_UNKNOWN', 'the source is not named by rdsInstance')
      return null
    }
    if (performance.now() - this.#asked > CPU_MILLISECONDS) {
      this.#asked = performance.now()
      this.#asking = this.#askCpu(this.#instance)
    }
    if (this.#datum === null) return null
    const fresh = this.#datum.since >= since && this.#datum.since > this.#judged
    if (fresh) this.#judged = this.#datum.since
    return { what: 'CPU', value: this.#datum.percent, target, fresh }
  }

  async #askCpu({ identifier, region }: SourceInstance): Promise<void> {
    try {
      this.#datum = await readSourceCpu(this.#environment, region, identifier, this.#stop.signal)
      if (this.#datum === null) this.#lost('SOURCE_CPU_UNKNOWN', 'CloudWatch has no recent datum')
      else this.#found('SOURCE_CPU_UNKNOWN')
    } catch (thrown) {
      if (this.#stop.signal.aborted) return
      this.#datum = null
      this.#lost('SOURCE_CPU_UNKNOWN', toSampanError(thrown).code)
    }
  }

  #lost(code: string, because: string): void {
    if (this.#missing.has(code)) return
    this.#missing.add(code)
    this.#logger.warn(code, { because })
  }

  #found(code: string): void {
    if (this.#missing.delete(code)) this.#logger.info(code.replace('UNKNOWN', 'KNOWN'))
  }
}
