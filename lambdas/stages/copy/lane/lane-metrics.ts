import { countOpenChunks } from '../../../core/ledger/chunks/open.ts'
import type { Receipt } from '../../../core/ledger/chunks/receipts.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { METRICS } from '../../../core/runtime/metric-names.ts'
import { writeMetrics } from '../../../core/runtime/metrics.ts'

/** Often enough for a graph of minutes, seldom enough to cost nothing. */
const INTERVAL_MILLISECONDS = 20_000

/** What a lane has committed, told to the dashboard every twenty seconds: a lane that hangs shows by its growing lag. */
export class LaneMetrics {
  readonly #dimensions: { readonly run: string; readonly lane: number }
  readonly #timer: NodeJS.Timeout
  #rows = 0
  #bytes = 0
  #lastReceipt = performance.now()
  #lastCount = performance.now()

  constructor(run: string, lane: number) {
    this.#dimensions = { run, lane }
    this.#timer = setInterval(() => this.#write(), INTERVAL_MILLISECONDS)
    this.#timer.unref()
  }

  committed(receipts: readonly Receipt[]): void {
    for (const { rows, bytes } of receipts) {
      // A count for a graph, no value of the database: beyond 2^53 it may be rounded.
      this.#rows += Number(rows)
      this.#bytes += bytes
    }
    this.#lastReceipt = performance.now()
  }

  /** The first lane counts what is left for all of them, on the connection of its watch. */
  async countLeft(session: Session): Promise<void> {
    if (this.#dimensions.lane !== 0 || performance.now() - this.#lastCount < INTERVAL_MILLISECONDS) return
    this.#lastCount = performance.now()
    const { run } = this.#dimensions
    writeMetrics({ run }, { [METRICS.chunksLeft]: await countOpenChunks(session, run) })
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#write()
  }

  #write(): void {
    writeMetrics(this.#dimensions, {
      [METRICS.rowsCopied]: this.#rows,
      [METRICS.bytesCopied]: this.#bytes,
      [METRICS.laneLag]: (performance.now() - this.#lastReceipt) / 1000,
    })
    this.#rows = 0
    this.#bytes = 0
  }
}
