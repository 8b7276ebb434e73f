import type { Warning } from '../../lambdas/core/ledger/events.ts'
import type { Progress } from '../../lambdas/core/ledger/story/progress.ts'
import type { MovingLane, MovingTable } from '../../lambdas/core/ledger/under-way.ts'
import { durationText } from '../../lambdas/core/present/units.ts'
import type { StepAnswer } from '../../lambdas/core/runtime/verdict.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import { describeCounts } from './counts.ts'
import { Rate } from './rate.ts'
import { laneFunctions, runStages, type Stage, stageOfFunction, stagesOf } from './stages.ts'

export type StageState = 'waiting' | 'active' | 'done' | 'failed' | 'skipped'

/** One stage as it stands now. */
export interface StageView {
  /** `null` for stages of the whole run. */
  readonly database: string | null
  readonly stage: Stage
  readonly state: StageState
  /** What there is to say beside the title: counts, speed, the error waited for. */
  readonly detail: string
  /** What ends the wait for another attempt; `null` where there is none. */
  readonly remedy: string | null
  /** That attempt; `null` where there is none. */
  readonly retry: Retry | null
  /** Since it began, until it ended. */
  readonly milliseconds: number
}

/** One call of a step's handler, as the display needs it. */
export interface StepCall {
  /** The placeholder of the function, such as `CopyLaneFunction`. */
  readonly name: string
  readonly database: string | null
}

/** What a ledger's counts come to. */
export interface Counts {
  readonly progress: Progress
  readonly bytesPerSecond: number
  /** Seconds that the copy takes from here, by the higher and the lower of what its speed was of late and since it began; `null`: not known. */
  readonly left: { readonly least: number; readonly most: number } | null
}

/** A table that lanes are at. */
export interface TableProgress extends MovingTable {
  /** Bytes per second. */
  readonly rate: number
}

function secondsLeft({ bytes, bytesDone, bytesMoving, rate }: TableProgress): number {
  const left = bytes - bytesDone - bytesMoving
  return rate === 0 ? left : left / rate
}

/** Another attempt that is waited for. */
export interface Retry {
  /** By the model's clock. */
  readonly at: number
  readonly code: string
  readonly message: string
  readonly remedy: string
}

const NO_LANES: readonly MovingLane[] = []

interface Entry {
  readonly database: string | null
  readonly stage: Stage
  state: StageState
  began: number
  ended: number
  /** What it waits for. */
  retry: Retry | null
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
  /** Those of each database. */
  readonly stages: readonly Stage[]
  readonly #entries: readonly Entry[]
  /** The same, of 2,000 databases found as fast as of one. */
  readonly #places: ReadonlyMap<Stage, ReadonlyMap<string | null, Entry>>
  readonly #counts = new Map<string, { progress: Progress; rate: Rate }>()
  readonly #tables = new Map<string, { tables: readonly MovingTable[]; rates: Map<string, Rate> }>()
  readonly #lanes = new Map<string, readonly MovingLane[]>()
  readonly #warnings: { readonly database: string; readonly text: string }[] = []
  readonly #listeners = new Set<() => void>()
  readonly #clock: () => number

  /** @param mode of the task: a source that is followed has a stage more */
  constructor(
    databases: readonly string[],
    clock: () => number = () => performance.now(),
    mode: Task['mode'] = 'migrate',
  ) {
    this.databases = databases
    this.stages = stagesOf(mode)
    this.#clock = clock
    const entry = (database: string | null) => (stage: Stage) => {
      return { database, stage, state: 'waiting' as StageState, began: 0, ended: 0, retry: null, failure: null }
    }
    this.#entries = [...runStages.map(entry(null)), ...databases.flatMap((name) => this.stages.map(entry(name)))]
    const byStage = Map.groupBy(this.#entries, ({ stage }) => stage)
    this.#places = new Map(
      [...byStage].map(([stage, own]) => [stage, new Map(own.map((each) => [each.database, each]))]),
    )
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
      entry.retry = { at: this.#clock() + answer.pause * 1000, ...error }
    } else entry.retry = null
    if (answer.verdict === 'done' && lastFunctions.has(call.name)) this.#end(entry, 'done')
    this.#changed()
  }

  /** The ledger of a database has been read. */
  counted(database: string, progress: Progress): void {
    const counts = this.#counts.get(database) ?? { progress, rate: new Rate() }
    counts.rate.add(progress.bytesDone + progress.bytesMoving, this.#clock())
    this.#counts.set(database, { progress, rate: counts.rate })
    this.#changed()
  }

  /** What lanes of a database are at; `null`: not looked at. */
  moving(database: string, tables: readonly MovingTable[] | null, lanes: readonly MovingLane[] | null): void {
    if (tables !== null) this.#movingTables(database, tables)
    if (lanes !== null) this.#lanes.set(database, lanes)
  }

  /** What each lane of a database has under way. */
  lanes(database: string): readonly MovingLane[] {
    return this.#lanes.get(database) ?? NO_LANES
  }

  #movingTables(database: string, tables: readonly MovingTable[]): void {
    const rates = this.#tables.get(database)?.rates ?? new Map<string, Rate>()
    for (const { name, bytesDone, bytesMoving } of tables) {
      const rate = rates.get(name) ?? new Rate()
      rates.set(name, rate)
      rate.add(bytesDone + bytesMoving, this.#clock())
    }
    this.#tables.set(database, { tables, rates })
  }

  /** Those that take longest from here, with their speed. */
  slowestTables(database: string, most: number): readonly TableProgress[] {
    const found = this.#tables.get(database)
    if (found === undefined) return []
    return found.tables
      .map((table) => ({ ...table, rate: found.rates.get(table.name)?.perSecond() ?? 0 }))
      .toSorted((one, other) => secondsLeft(other) - secondsLeft(one))
      .slice(0, most)
  }

  /** The ledger of a database has warnings that were not told yet. */
  warned(database: string, warnings: readonly Warning[]): void {
    if (warnings.length === 0) return
    this.#warnings.push(...warnings.map(({ code, message }) => ({ database, text: `${code}: ${message}` })))
    this.#changed()
  }

  /** Until an attempt that is waited for, milliseconds. */
  untilRetry({ at }: Retry): number {
    return Math.max(0, at - this.#clock())
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

  counts(database: string): Counts | null {
    const counts = this.#counts.get(database)
    if (counts === undefined) return null
    const { progress, rate } = counts
    const bytesLeft = progress.bytes - progress.bytesDone - progress.bytesMoving
    const { range } = rate
    const left =
      range === null || bytesLeft <= 0 ? null : { least: bytesLeft / range.high, most: bytesLeft / range.low }
    return { progress, bytesPerSecond: rate.perSecond(), left }
  }

  #view(entry: Entry): StageView {
    const { database, stage, state, began, ended } = entry
    const milliseconds = state === 'active' ? this.#clock() - began : ended - began
    const retry = state === 'active' ? entry.retry : null
    return { database, stage, state, detail: this.#detail(entry), remedy: retry?.remedy ?? null, retry, milliseconds }
  }

  #detail({ database, stage, state, retry, failure }: Entry): string {
    if (state === 'failed') return failure ?? ''
    if (retry !== null && state === 'active') {
      const left = this.untilRetry(retry) / 1000
      return `again ${left === 0 ? 'now' : `in ${durationText(left)}`}: ${retry.code}: ${retry.message}`
    }
    const counts = database === null || state === 'waiting' || state === 'skipped' ? null : this.counts(database)
    return counts === null ? '' : describeCounts(stage.id, state, counts)
  }

  #find(database: string | null, stage: Stage | undefined): Entry | undefined {
    return stage === undefined ? undefined : this.#places.get(stage)?.get(database)
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
