import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { artefactKey } from '../lambdas/core/cloud/artefact-key.ts'
import { fileArtefacts } from '../lambdas/core/cloud/artefacts-file.ts'
import { endKeptSessions, keepSessions } from '../lambdas/core/postgres/kept-sessions.ts'
import { readEnvironment } from '../lambdas/core/runtime/environment.ts'
import { SampanError, toSampanError } from '../lambdas/core/runtime/errors.ts'
import type { StepEvent } from '../lambdas/core/runtime/event.ts'
import { createLogger } from '../lambdas/core/runtime/logging.ts'
import { prepareAppending, writePrivately } from '../lambdas/core/runtime/private-files.ts'
import type { StepAnswer, StepError } from '../lambdas/core/runtime/verdict.ts'
import { guardSource } from '../lambdas/core/stream/guard.ts'
import { isRecord } from '../lambdas/core/task/rule.ts'
import type { Task } from '../lambdas/core/task/task.ts'
import { type ChangedRun, changeRun, type LimitsChange } from '../lambdas/stages/copy/pace/change-run.ts'
import type { FollowEvent } from '../lambdas/stages/follow/handler.ts'
import { endStopped } from '../local/end-stopped.ts'
import { type Handlers, loadHandlers } from '../local/handlers.ts'
import { type LocalOutcome, runLocally } from '../local/interpreter/interpreter.ts'
import { observe } from '../local/observe.ts'
import { toDefinition } from '../statemachine/migration.ts'
import { type ExitStatus, exitStatus } from './exit-status.ts'
import { readCause } from './failed-execution.ts'
import type { Alerts } from './notify/alerts.ts'
import { type Notify, Notifying } from './notify/notifying.ts'
import { LOG, makeOutDirectory } from './out-directory.ts'
import { hidePasswords } from './passwords.ts'
import { type DisplayKind, startDisplay } from './progress/display.ts'
import { ProgressModel } from './progress/model.ts'
import { type Look, pollProgress } from './progress/poll.ts'
import { FOLLOWS } from './progress/stages.ts'
import { pageForOut } from './report-files.ts'
import type { LivePage } from './ui/live-page.ts'

export interface TaskRun {
  /** The task as the user wrote it, and as it was read. */
  readonly input: unknown
  readonly task: Task
  readonly executionName: string
  /** Absolute path of the directory that gets everything the run writes. */
  readonly directory: string
  readonly display: DisplayKind
  /** Fires when the user wants the run to stop. */
  readonly signal: AbortSignal
  /** Whom to tell while nobody looks. @default nobody */
  readonly notify?: Notify
  /** What shows it in a browser, beside the display. @default nothing */
  readonly page?: LivePage | null
  /** For tests. @default the deployed ones */
  readonly handlers?: Handlers
}

/** How a run on this machine ended. */
export interface TaskOutcome {
  readonly exitStatus: ExitStatus
  /** What it failed with; `null` where it succeeded, or was only stopped and all of it is closed. */
  readonly error: Pick<StepError, 'code' | 'message' | 'remedy'> | null
  /** `report.json` of this run, where it could be written; `null` where the run came to none. */
  readonly report: string | null
  /** Its text, also where it could not be written. */
  readonly reportText: string | null
  /** Databases that were looked at, and nothing written to them: those that a run before has completed, above all. */
  readonly untouched: readonly string[]
  readonly milliseconds: number
}

/** Runs the workflow on this machine, shows its progress, and leaves nothing open. */
export async function runTask(run: TaskRun): Promise<TaskOutcome> {
  const { task, directory, executionName } = run
  const began = performance.now()
  await makeOutDirectory(directory)
  await prepareAppending(join(directory, LOG))
  const { task: input, variables } = hidePasswords(run.input)
  const restoreEnvironment = setEnvironment({
    ...variables,
    SAMPAN_ARTEFACTS: pathToFileURL(directory).href,
    SAMPAN_LOG: process.env.SAMPAN_LOG || pathToFileURL(join(directory, LOG)).href,
  })
  keepSessions()
  const model = new ProgressModel(
    task.databases.map(({ name }) => name),
    undefined,
    task.mode,
  )
  const notifying =
    run.notify === undefined ? null : new Notifying(run.notify, model, { id: task.name, execution: executionName })
  const watch = new Watch(model, notifying?.alerts ?? null)
  const handlers = observe(run.handlers ?? (await loadHandlers()), watch)
  const execution = runLocally({ definition: toDefinition(), validated: true, handlers, input, executionName })
  const told = { name: task.name, execution: executionName, mode: task.mode }
  const page = run.page?.show(model, told, (change) => watch.changeLimits(task, change))
  const display = startDisplay(run.display, model, told)
  const stop = () => void execution.stop()
  run.signal.addEventListener('abort', stop, { once: true })
  if (run.signal.aborted) stop()
  let outcome: LocalOutcome
  let leftOpen: StepError | null = null
  try {
    outcome = await execution.promise
    if (outcome.status === 'stopped') model.stop()
    // The workflow closes what it opened, however it fails. Only a run that is cut off leaves that to us.
    if (watch.mayBeOpen) leftOpen = await endStopped(handlers, watch.latest)
  } finally {
    run.signal.removeEventListener('abort', stop)
    notifying?.stop()
    await watch.end()
    endKeptSessions()
    await display.end()
    await page?.end()
    restoreEnvironment()
  }
  const status = toExitStatus(outcome)
  const { path, text, unwritten } = await copyReports(directory, { id: task.name, execution: executionName })
  const missing = outcome.status === 'succeeded' && text === null ? reportNotWritten(outcome.output) : null
  // As the workflow has it: a way in that is open comes before what the run has failed with.
  const error = leftOpen ?? errorOf(outcome, watch.errors) ?? unwritten ?? missing
  notifying?.alerts.ended({ status, error })
  return {
    // What was migrated is migrated, with a report or without.
    exitStatus: status,
    error,
    report: path,
    reportText: text,
    untouched: watch.untouched,
    milliseconds: Math.round(performance.now() - began),
  }
}

/**
 * The functions read their settings from the environment, as on Lambda. What was set is taken back, or the next run of
 * this process would write its log beside the one before, and find its passwords.
 * @returns takes it back
 */
function setEnvironment(variables: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, variables)
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}

/** Follows the handlers: feeds the display, and remembers what has to be closed. */
class Watch {
  readonly errors: StepError[] = []
  latest: StepEvent | null = null
  readonly #planned = new Set<string>()
  readonly #begun = new Set<string>()
  mayBeOpen = false
  readonly #model: ProgressModel
  readonly #alerts: Alerts | null
  readonly #stop = new AbortController()
  readonly #polls = new Map<string, Promise<void>>()
  /** Of a run that follows: they stay when its steps have come to their end, until the run has. */
  readonly #guards = new Map<string, Promise<void>>()

  constructor(model: ProgressModel, alerts: Alerts | null) {
    this.#model = model
    this.#alerts = alerts
  }

  called(name: string, event: StepEvent): void {
    if (name === 'OpenAccessFunction') this.mayBeOpen = true
    if (event.run !== undefined && event.task !== undefined) this.latest = event
    const database = event.database?.name ?? null
    if (database !== null && name === 'PlanObjectsFunction') this.#planned.add(database)
    else if (database !== null) this.#begun.add(database)
    this.#model.called({ name: shownName(name, event), database })
    this.#alerts?.called(name, event)
    if (database !== null && event.task.mode === 'follow' && event.endpoints !== null && !this.#guards.has(database)) {
      const logger = createLogger(process.env.SAMPAN_LOG, { step: 'GuardSource', run: event.run.id, database })
      const guarding = { event, environment: readEnvironment(), logger, signal: this.#stop.signal }
      this.#guards.set(database, guardSource(guarding))
    }
    if (database !== null && !this.#polls.has(database)) {
      const report = ({ progress, warnings, tables, lanes }: Look) => {
        this.#model.moving(database, tables, lanes)
        this.#model.warned(database, warnings)
        this.#alerts?.warned(database, warnings)
        this.#model.counted(database, progress)
      }
      this.#polls.set(database, pollProgress(event, this.#stop.signal, report))
    }
  }

  answered(name: string, event: StepEvent, answer: StepAnswer): void {
    if (answer.verdict === 'failed' && answer.error !== null) this.errors.push(answer.error)
    // A failure of closing has been tried for as long as the task allows, and is the run's error.
    if (name === 'CloseAccessFunction' && /^(done|failed)$/.test(answer.verdict)) this.mayBeOpen = false
    this.#model.answered({ name: shownName(name, event), database: event.database?.name ?? null }, answer)
    this.#alerts?.answered(name, event, answer)
  }

  /** By the way in that the run has found itself. */
  async changeLimits({ databases }: Task, change: LimitsChange): Promise<ChangedRun> {
    const { task, endpoints, run } = this.latest ?? {}
    if (task === undefined || run === undefined || !endpoints) return { databases: [], failed: null }
    const place = { at: endpoints.destination, execution: run.execution }
    return changeRun({ ...task, databases }, change, readEnvironment(), place)
  }

  get untouched(): readonly string[] {
    return [...this.#planned].filter((database) => !this.#begun.has(database))
  }

  async end(): Promise<void> {
    this.#stop.abort()
    await Promise.all([...this.#polls.values(), ...this.#guards.values()])
  }
}

/** One function follows, and does what is before and behind it. */
function shownName(name: string, event: StepEvent): string {
  return name === 'FollowFunction' && (event as Partial<FollowEvent>).what === 'follow' ? FOLLOWS : name
}

function toExitStatus(outcome: LocalOutcome): ExitStatus {
  if (outcome.status === 'succeeded') return isIncomplete(outcome.output) ? exitStatus.incomplete : exitStatus.done
  if (outcome.status === 'stopped') return exitStatus.stopped
  if (outcome.status === 'failed' && outcome.error === 'TaskInvalid') return exitStatus.wrongTask
  if (outcome.status === 'failed' && outcome.error === 'PrecheckRefused') return exitStatus.refused
  return exitStatus.failed
}

function isIncomplete(output: unknown): boolean {
  const outcome = isRecord(output) ? output.outcome : undefined
  return isRecord(outcome) && outcome.status === 'incomplete'
}

/** What the execution has failed with. The step's answer it came from has more to it: what was found beside it. */
function errorOf(outcome: LocalOutcome, errors: readonly StepError[]): TaskOutcome['error'] {
  if (outcome.status === 'timed-out') {
    const remedy = 'start the same task again: it continues where it was'
    return { code: 'RUN_TIMED_OUT', message: 'the run took longer than a run may take', remedy }
  }
  if (outcome.status !== 'failed') return null
  const told = readCause(outcome.error, outcome.cause)
  const answered = errors.find(
    ({ message, remedy }) => told?.remedy === bare(remedy) && told.message.endsWith(bare(message)),
  )
  const rest = { code: outcome.error, message: outcome.cause, remedy: 'see the report and log.jsonl beside it' }
  return answered ?? told ?? rest
}

/** The interpreter's intrinsic functions lose every backslash. */
const bare = (text: string) => text.replaceAll('\\', '')

/** What a run says that came to its end and has no report of it; `null` where it says nothing. */
function reportNotWritten(output: unknown): SampanError | null {
  const outcome = isRecord(output) ? output.outcome : undefined
  const unwritten = isRecord(outcome) ? outcome.unwritten : undefined
  if (!isRecord(unwritten)) return null
  return new SampanError({
    code: 'REPORT_NOT_WRITTEN',
    message: `the run came to its end, and its report could not be written: ${String(unwritten.message)}`,
    remedy:
      'the ledger in the destination (schema sampan) has all of it: start the same task again, which migrates nothing and writes the report',
  })
}

interface Copied {
  readonly path: string | null
  readonly text: string | null
  /** Why they could not be put there. */
  readonly unwritten: SampanError | null
}

/** The run's documents are kept by execution; the latest are also put where everybody looks first. Throws nothing. */
async function copyReports(directory: string, run: { id: string; execution: string }): Promise<Copied> {
  const store = fileArtefacts(directory)
  let text: string | null = null
  try {
    const page = await store.read(artefactKey(run, 'report.html'))
    text = await store.read(artefactKey(run, 'report.json'))
    if (page !== null) await writePrivately(directory, join(directory, 'report.html'), pageForOut(page, run))
    // A run that ended early may have none.
    if (text === null) return { path: null, text, unwritten: null }
    const path = join(directory, 'report.json')
    await writePrivately(directory, path, text)
    return { path, text, unwritten: null }
  } catch (error) {
    return { path: null, text, unwritten: toSampanError(error) }
  }
}
