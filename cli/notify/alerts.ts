import type { Warning } from '../../lambdas/core/ledger/events.ts'
import { durationText } from '../../lambdas/core/present/units.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'
import { DEFAULT_RETRY, windowUsed } from '../../lambdas/core/runtime/retry-window.ts'
import type { StepAnswer } from '../../lambdas/core/runtime/verdict.ts'
import { isRecord } from '../../lambdas/core/task/rule.ts'
import { findEntry, readCatalogue } from '../errors/catalogue.ts'
import { type ExitStatus, exitStatus } from '../exit-status.ts'
import type { ProgressModel } from '../progress/model.ts'
import { laneFunctions } from '../progress/stages.ts'
import type { Alert } from './alert.ts'

/** When somebody is told. */
export interface AlertLimits {
  /** Nothing has moved for so many minutes. */
  readonly stillMinutes: number
  /** What the run has opened in the clouds has been open for so many hours. */
  readonly openHours: number
}

export const DEFAULT_ALERT_LIMITS: AlertLimits = { stillMinutes: 10, openHours: 24 }

/** How a run ended. */
export interface Ended {
  readonly status: ExitStatus
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string } | null
}

const HALF = 0.5
/** A run that follows waits for the operator, and may lose what it follows by. */
const FOR_PEOPLE = new Set(['FOLLOW_CAUGHT_UP', 'CUTOVER_WITHDRAWN', 'FOLLOW_SLOT_GIVEN_UP'])

/**
 * Decides when somebody is to be told, by what the progress display knows as well: calls, answers and counts. Each thing once, until
 * it is over.
 */
export class Alerts {
  readonly #model: ProgressModel
  readonly #limits: AlertLimits
  readonly #tell: (alert: Alert) => void
  readonly #clock: () => number
  readonly #moves: () => unknown
  readonly #following = new Set<string>()
  readonly #halves = new Set<string>()
  readonly #failures = new Set<string>()
  #moved: { readonly at: number; readonly state: string } | null = null
  #isStillTold = false
  #openSince: number | null = null

  /**
   * @param clock milliseconds; only goes forward
   * @param moves what moves beside the counts of the ledgers, as a value that is another one when it has moved
   */
  constructor(
    model: ProgressModel,
    limits: AlertLimits,
    tell: (alert: Alert) => void,
    clock: () => number = () => performance.now(),
    moves: () => unknown = () => null,
  ) {
    this.#moves = moves
    this.#model = model
    this.#limits = limits
    this.#tell = tell
    this.#clock = clock
  }

  called(name: string, event: StepEvent): void {
    const database = event.database?.name
    if (database === undefined || name === 'KeepSnapshotFunction') return
    if (name === 'FollowFunction') this.#following.add(database)
    else this.#following.delete(database)
  }

  answered(name: string, event: StepEvent, answer: StepAnswer): void {
    const database = event.database?.name ?? null
    if (name === 'OpenAccessFunction' && opensSomething(event)) this.#openSince ??= this.#clock()
    if (name === 'CloseAccessFunction' && answer.verdict === 'done') this.#openSince = null
    if (name === 'FollowFunction' && answer.verdict === 'done') this.#streamsClosed(answer.output)
    const { error, window } = answer
    // Lanes wait for the same thing.
    const key = `${name} ${database ?? ''}`
    if (answer.verdict !== 'retry') this.#halves.delete(key)
    else if (error !== null && window !== null) {
      // What reads the task has none yet.
      const { retry = DEFAULT_RETRY } = (event as Partial<StepEvent>).task ?? {}
      if (windowUsed(window, retry, new Date()) >= HALF && !this.#halves.has(key)) {
        this.#halves.add(key)
        this.#tell({
          code: 'RETRY_HALF_USED',
          message: `half of the time that ${error.code} is waited for has passed, in ${window.attempt} attempts: ${firstLine(error.message)}`,
          remedy: `${error.remedy}; a run that fails goes on where it was when the same task is started again`,
          database,
        })
      }
    }
    if (answer.verdict === 'failed' && error !== null && !laneFunctions.has(name)) this.#failed({ ...error, database })
  }

  /** What stays on the source costs it disk, and nobody looks any more when the run has ended. */
  #streamsClosed(output: unknown): void {
    const kept = isRecord(output) && Array.isArray(output.kept) ? output.kept : []
    for (const message of kept) {
      this.#tell({
        code: 'FOLLOW_SLOT_KEPT',
        message: String(message),
        remedy: 'start the task again, or give up what the slot keeps: sampan leftovers --drop with the task',
        database: null,
      })
    }
  }

  /** Of what the ledger warns of, that which waits for a person. */
  warned(database: string, warnings: readonly Warning[]): void {
    for (const { code, message } of warnings) {
      if (!FOR_PEOPLE.has(code)) continue
      const remedy = findEntry(readCatalogue(), code)?.cases[0]?.remedy ?? 'look at the run'
      this.#tell({ code, message: firstLine(message), remedy, database })
    }
  }

  /** To be called every few seconds. */
  look(): void {
    const now = this.#clock()
    const state = this.#state()
    if (this.#moved?.state !== state) {
      this.#moved = { at: now, state }
      this.#isStillTold = false
    }
    const still = now - this.#moved.at
    if (!this.#isStillTold && still >= this.#limits.stillMinutes * 60_000 && !this.#mayStandStill()) {
      this.#isStillTold = true
      const active = this.#model.views().findLast((view) => view.state === 'active')
      const stage = active === undefined ? '' : ` at “${active.stage.title}”`
      const waits = active === undefined || active.detail === '' ? '' : `: ${firstLine(active.detail)}`
      this.#tell({
        code: 'NO_PROGRESS',
        message: `nothing that is counted has moved for ${durationText(still / 1000)}${stage}${waits}`,
        remedy:
          active?.remedy ??
          'look which session waits for what: SELECT pid, state, wait_event_type, wait_event, pg_blocking_pids(pid) FROM pg_stat_activity, on both servers',
        database: active?.database ?? null,
      })
    }
    if (this.#openSince !== null && now - this.#openSince >= this.#limits.openHours * 3_600_000) {
      this.#tell({
        code: 'ACCESS_OPEN_LONG',
        message: `what the run has opened in the clouds has been open for ${durationText((now - this.#openSince) / 1000)}`,
        remedy:
          'it is closed when the run ends: let it go on, or stop it; sampan sweep closes what a killed run left open',
        database: null,
      })
      // Again after as long.
      this.#openSince = now
    }
  }

  ended({ status, error }: Ended): void {
    if (status === exitStatus.incomplete) {
      this.#tell({
        code: 'RUN_INCOMPLETE',
        message: 'the run came to its end without objects that failed',
        remedy: 'the report names each with its cause and remedy',
        database: null,
      })
    }
    // The state machine's name for it is not the catalogue's.
    const code = error?.code === 'PrecheckRefused' ? 'PRECHECK_REFUSED' : error?.code
    if (error !== null && code !== undefined) this.#failed({ ...error, code, database: null })
  }

  /** A step's failure is told when it happens; where it is the run's as well, not once more. */
  #failed({ code, message, remedy, database }: Alert): void {
    const key = `${code} ${message}`
    if (this.#failures.has(key)) return
    this.#failures.add(key)
    this.#tell({ code, message: firstLine(message), remedy, database })
  }

  /** Everything that changes while a run does anything. */
  #state(): string {
    const stages = this.#model.views().map(({ state }) => state)
    const counts = this.#model.databases.map((database) => {
      const progress = this.#model.counts(database)?.progress
      if (progress === undefined) return null
      const { objectsDone, chunksDone, bytesDone, bytesMoving, rowsMoving, partsDone, indexesDone, statements } =
        progress
      return [
        objectsDone,
        chunksDone,
        bytesDone,
        bytesMoving,
        rowsMoving,
        partsDone,
        indexesDone,
        statements.map(({ done }) => done),
      ]
    })
    return JSON.stringify([stages, counts, this.#moves()])
  }

  /** It was told to, or waits for the cutover. */
  #mayStandStill(): boolean {
    if (this.#following.size > 0) return true
    return this.#model.databases.some((database) => this.#model.counts(database)?.progress.paused ?? false)
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

/** Between two servers that need no opening, nothing is open. */
function opensSomething({ task }: StepEvent): boolean {
  return [task.source, task.destination].some(
    (end) => isRecord(end) && ('rdsInstance' in end || 'apsaraInstance' in end),
  )
}
