import type { Warning } from '../../lambdas/core/ledger/events.ts'
import type { Progress } from '../../lambdas/core/ledger/story/progress.ts'
import { durationText } from '../../lambdas/core/present/units.ts'
import type { StepAnswer } from '../../lambdas/core/runtime/verdict.ts'
import { describeCounts } from './counts.ts'
import { Rate } from './rate.ts'
import { databaseStages, laneFunctions, runStages, type Stage, stageOfFunction } from './stages.ts'

export type StageState = 'waiting' | 'active' | 'done' | 'failed' | 'skipped'

/** One stage as it stands now. */
export interface StageView {
  /** `null` for stages of the whole run. */
  readonly database: string | null
  readonly stage: Stage
  readonly state: StageState
  /** What there is to say beside the title: counts, speed, the error waited for. */
  readonly detail: string
  /** Since it began, until it ended. */
  readonly milliseconds: number
}

/** One call of a step's handler, as the display needs it. */
export interface StepCall {
  /** The placeholder of the function, such as `CopyLaneFunction`. */
  readonly name: string
  readonly database: string | null
}

interface Entry {
  readonly database: string | null
  readonly stage: Stage
  state: StageState
  began: number
  ended: number
  /** What it waits for. */
  note: string
  failure: string | null
}

/** Functions whose `done` is the end of their stage, whatever else goes on. */
const lastFunctions: ReadonlySet<string> = new Set([
  'SummariseCopyFunction',
  'SealFunction',
  'CloseAccessFunction',
  'FinishReportFunction',
])

/**
 * What the run is doing, put together from the calls of its handlers and the counts of its ledgers. It knows the order of
 * the stages, not the workflow: a stage has ended when a later one begins.
 */
export class ProgressModel {
  readonly databases: readonly string[]
  readonly #entries: readonly Entry[]
  readonly #counts = new Map<string, { progress: Progress; rate: Rate }>()
  readonly #warnings: { readonly database: string; readonly text: string }[] = []
  readonly #listeners = new Set<() => void>()
  readonly #clock: () => number

  constructor(databases: readonly string[], clock: () => number = () => performance.now()) {
    this.databases = databases
    this.#clock = clock
    const entry = (database: string | null) => (stage: Stage) => {
      return { database, stage, state: 'waiting' as StageState, began: 0, ended: 0, note: '', failure: null }
    }
    this.#entries = [...runStages.map(entry(null)), ...databases.flatMap((name) => databaseStages.map(entry(name)))]
  }

  /** Calls `listener` after every change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** A handler is being called. */
  called(call: StepCall): void {
    const stage = stageOfFunction.get(call.name)
    if (stage === undefined) return
    if (call.database === null) {
      this.#begin(null, stage)
      if (stage.id === 'report') this.#endDatabases()
    } else {
      this.#begin(null, runStages.find(({ id }) => id === 'databases') as Stage)
      this.#begin(call.database, stage)
    }
    this.#changed()
  }

  /** A handler has answered. */
  answered(call: StepCall, answer: Pick<StepAnswer, 'verdict' | 'pause' | 'error'>): void {
    const entry = this.#find(call.database, stageOfFunction.get(call.name))
    if (entry === undefined) return
    const { error } = answer
    if (answer.verdict === 'failed') {
      entry.failure ??= error === null ? '' : `${error.code}: ${error.message.split('\n', 1)[0]}`
      // One lane's failure is judged when all lanes have ended.
      if (!laneFunctions.has(call.name)) this.#fail(entry)
    } else if (answer.verdict === 'retry' && error !== null) {
      entry.note = `again in ${durationText(answer.pause)}: ${error.code}: ${error.message}`
    } else entry.note = ''
    if (answer.verdict === 'done' && lastFunctions.has(call.name)) this.#end(entry, 'done')
    this.#changed()
  }

  /** The ledger of a database has been read. */
  counted(database: string, progress: Progress): void {
    const counts = this.#counts.get(database) ?? { progress, rate: new Rate() }
    counts.rate.add(progress.bytesDone, this.#clock())
    this.#counts.set(database, { progress, rate: counts.rate })
    this.#changed()
  }

  /** The ledger of a database has warnings that were not told yet. */
  warned(database: string, warnings: readonly Warning[]): void {
    if (warnings.length === 0) return
    this.#warnings.push(...warnings.map(({ code, message }) => ({ database, text: `${code}: ${message}` })))
    this.#changed()
  }

  /** All that was warned of, in order. */
  get warnings(): readonly { readonly database: string; readonly text: string }[] {
    return this.#warnings
  }

  /** Nothing more will come. */
  finish(): void {
    for (const entry of this.#entries) {
      if (entry.state === 'waiting') entry.state = 'skipped'
      if (entry.state === 'active') this.#end(entry, entry.failure === null ? 'done' : 'failed')
    }
    this.#changed()
  }

  /** The run was stopped: what was being done is not done, and only what ends a run still comes. */
  stop(): void {
    for (const entry of this.#entries) {
      if (entry.state === 'active') {
        entry.failure ??= 'stopped'
        this.#end(entry, 'failed')
      }
      if (entry.database !== null && entry.state === 'waiting') entry.state = 'skipped'
    }
    this.#changed()
  }

  view(database: string | null, stage: Stage): StageView {
    const entry = this.#find(database, stage)
    if (entry === undefined) throw new Error(`no stage ${stage.id}`)
    return this.#view(entry)
  }

  /** All stages in order: the run's, with those of each database inside. */
  views(): readonly StageView[] {
    return this.#entries.map((entry) => this.#view(entry))
  }

  counts(database: string): { readonly progress: Progress; readonly bytesPerSecond: number } | null {
    const counts = this.#counts.get(database)
    return counts === undefined ? null : { progress: counts.progress, bytesPerSecond: counts.rate.perSecond() }
  }

  #view(entry: Entry): StageView {
    const { database, stage, state, began, ended } = entry
    const milliseconds = state === 'active' ? this.#clock() - began : ended - began
    return { database, stage, state, detail: this.#detail(entry), milliseconds }
  }

  #detail({ database, stage, state, note, failure }: Entry): string {
    if (state === 'failed') return failure ?? ''
    if (note !== '') return note
    const counts = database === null || state === 'waiting' || state === 'skipped' ? null : this.counts(database)
    return counts === null ? '' : describeCounts(stage.id, state, counts)
  }

  #find(database: string | null, stage: Stage | undefined): Entry | undefined {
    return this.#entries.find((entry) => entry.database === database && entry.stage === stage)
  }

  #begin(database: string | null, stage: Stage): void {
    const scope = this.#entries.filter((entry) => entry.database === database)
    const at = scope.findIndex((entry) => entry.stage === stage)
    for (const earlier of scope.slice(0, Math.max(0, at))) {
      if (earlier.stage.id === stage.beside) continue
      if (earlier.state === 'active') this.#end(earlier, 'done')
      else if (earlier.state === 'waiting') earlier.state = 'skipped'
    }
    const entry = scope[at]
    if (entry?.state !== 'waiting') return
    entry.state = 'active'
    entry.began = this.#clock()
  }

  #end(entry: Entry, state: 'done' | 'failed'): void {
    if (entry.state === 'failed') return
    if (entry.state === 'waiting') entry.began = this.#clock()
    entry.state = state
    entry.ended = this.#clock()
  }

  /** A failed stage is its database's last one. */
  #fail(failed: Entry): void {
    this.#end(failed, 'failed')
    if (failed.database === null) return
    for (const entry of this.#entries) {
      if (entry.database !== failed.database) continue
      if (entry.state === 'waiting' || entry.stage.beside === failed.stage.id) entry.state = 'skipped'
    }
  }

  /** The report is written when every database has come to its end, whichever that is. */
  #endDatabases(): void {
    for (const entry of this.#entries) {
      if (entry.database === null) continue
      if (entry.state === 'waiting') entry.state = 'skipped'
      if (entry.state === 'active') this.#end(entry, entry.failure === null ? 'done' : 'failed')
    }
    const databases = this.#entries.find((entry) => entry.stage.id === 'databases')
    if (
      databases?.state === 'done' &&
      this.#entries.some((entry) => entry.database !== null && entry.state === 'failed')
    ) {
      databases.state = 'failed'
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}
