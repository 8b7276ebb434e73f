import { setTimeout as sleep } from 'node:timers/promises'
import { readWarnings, type Warning } from '../../lambdas/core/ledger/events.ts'
import { type Progress, readProgress } from '../../lambdas/core/ledger/story/progress.ts'
import {
  type MovingLane,
  type MovingTable,
  readMovingLanes,
  readMovingTables,
} from '../../lambdas/core/ledger/under-way.ts'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import { openDestination } from '../../lambdas/core/postgres/sessions.ts'
import { readEnvironment } from '../../lambdas/core/runtime/environment.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'

/** How often a ledger is read, milliseconds. */
const EVERY = 500
/** And the tables that lanes are at, whose chunks are read. */
const TABLES_EVERY = 2_000
/** How long after a failure the next attempt is made: the database may not have been created yet. */
const AFTER_FAILURE = 3_000

/** What a look at a ledger found. */
export interface Look {
  readonly progress: Progress
  /** Those that were written since the look before. */
  readonly warnings: readonly Warning[]
  /** Those that lanes are at; `null`: not looked at this time. */
  readonly tables: readonly MovingTable[] | null
  /** What each lane has under way; `null`: not looked at this time. */
  readonly lanes: readonly MovingLane[] | null
}

/**
 * Reads the ledger of one database again and again until the signal fires, and once more then. It only looks: whatever goes wrong is tried
 * again and never told, since the run itself will tell it.
 * @param event any event of this database, for the way in
 */
export async function pollProgress(event: StepEvent, signal: AbortSignal, report: (look: Look) => void): Promise<void> {
  let session: Session | null = null
  let told: number | null = null
  let looked = Number.NEGATIVE_INFINITY
  for (let last = false; !last; ) {
    // One more look when the run is over, for the final numbers.
    last = signal.aborted
    let pause = EVERY
    try {
      session ??= await openDestination(event, readEnvironment(), { purpose: 'progress', timeoutMilliseconds: 5_000 })
      const progress = await readProgress(session, event.run.id)
      if (progress !== null) {
        const warnings = await readWarnings(session, event.run.id, told)
        told = warnings.at(-1)?.number ?? told
        const due = performance.now() - looked >= TABLES_EVERY
        if (due) looked = performance.now()
        const tables = due ? await readMovingTables(session, event.run.id) : null
        const lanes = due ? await readMovingLanes(session, event.run.id) : null
        report({ progress, warnings, tables, lanes })
      }
    } catch {
      session?.destroy()
      session = null
      pause = AFTER_FAILURE
    }
    if (!last) await sleep(pause, undefined, { signal }).catch(() => {})
  }
  await session?.close()
}
