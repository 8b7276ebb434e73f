import { once } from 'node:events'
import { artefacts } from '../../lambdas/core/cloud/artefacts.ts'
import { fileArtefacts } from '../../lambdas/core/cloud/artefacts-file.ts'
import { wholeTask } from '../../lambdas/core/cloud/database-list.ts'
import type { Environment } from '../../lambdas/core/runtime/environment.ts'
import type { DatabaseIdentity, ReportEvent, ReportOutput, StepEvent } from '../../lambdas/core/runtime/event.ts'
import { stepHandler } from '../../lambdas/core/runtime/step-handler.ts'
import { done, more } from '../../lambdas/core/runtime/verdict.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import { type Handlers, loadHandlers } from '../../local/handlers.ts'
import type { LambdaHandler } from '../../local/interpreter/calls.ts'
import { runTask, type TaskOutcome, type TaskRun } from '../run-task.ts'
import { compareDatabase } from './compare-database.ts'
import type { ComparedDatabase, Comparison } from './document.ts'
import { type DailyWindow, Pacing } from './pacing.ts'
import { Progress, type Tell } from './progress.ts'
import { type Question, questionHash } from './question.ts'
import { requireNoneAlone, requireNothingLost } from './repair/loses-rows.ts'
import { repairDatabase } from './repair/repair-database.ts'
import type { Tools } from './tools.ts'

/** How a comparison is asked for. */
export interface Asked {
  readonly question: Question
  readonly window: DailyWindow | null
  /** What an unfinished one of the same question has read is read again. */
  readonly anew: boolean
  readonly tell: Tell
}

export interface ComparisonOutcome {
  readonly outcome: TaskOutcome
  /** `null` where it came to no end: the outcome says why. */
  readonly comparison: Comparison | null
}

/**
 * Compares both ends of a task: the workflow in mode `precheck`, with the comparison in the place of the checks. So the way to both
 * servers is opened, lost connections are waited for, and what was opened is closed, as in any run.
 */
export async function runComparison(
  run: Omit<TaskRun, 'handlers' | 'display'>,
  asked: Asked,
): Promise<ComparisonOutcome> {
  const task: Task = { ...run.task, mode: 'precheck' }
  const input = { ...(run.input as object), mode: 'precheck' }
  const store = fileArtefacts(run.directory)
  const progress = await Progress.open(store, questionHash(task, asked.question), asked.anew, asked.tell)
  const found: { comparison: Comparison | null } = { comparison: null }
  const { handlers, settled } = inPlaceOfChecks(
    await loadHandlers(),
    (event, environment, signal) =>
      compareAll(event, { ...asked, environment, signal, progress }).then((comparison) => {
        found.comparison = comparison
      }),
    run.signal,
  )
  const outcome = await runTask({ ...run, input, task, handlers, display: 'none' })
  await settled()
  if (found.comparison === null) await progress.keep()
  else await progress.finished()
  return { outcome, comparison: found.comparison }
}

type Body = (event: StepEvent, environment: Environment, signal: AbortSignal) => Promise<void>

/**
 * The handlers of the workflow, with `body` in the place of the checks and no report. A call of the step has its time like any other;
 * what it has begun goes on behind it, and the next call waits for it further: a large table without a key is read in one snapshot,
 * however long that takes.
 */
function inPlaceOfChecks(
  given: Handlers,
  body: Body,
  stopped: AbortSignal,
): { readonly handlers: Handlers; settled(): Promise<void> } {
  let begun: Promise<void> | null = null
  const compare = stepHandler('Compare', async (start: StepEvent, step) => {
    const event = { ...start, task: await wholeTask(artefacts(step.environment), start) }
    begun ??= body(event, step.environment, stopped)
    const work = begun
    work.catch(() => {})
    const heard = new AbortController()
    const timeIsUp = once(step.signal, 'abort', { signal: heard.signal }).then(() => false)
    timeIsUp.catch(() => {})
    try {
      const ended = step.signal.aborted ? false : await Promise.race([work.then(() => true), timeIsUp])
      if (!ended) return more()
    } catch (thrown) {
      begun = null
      throw thrown
    } finally {
      heard.abort()
    }
    return done({ refused: false, score: 100 })
  })
  const report = stepHandler<ReportOutput, ReportEvent>('Report', async ({ failure }) =>
    done({ status: failure === null ? 'succeeded' : 'failed', error: failure }),
  )
  const handlers = {
    ...given,
    PrecheckFunction: compare as LambdaHandler,
    ReportFunction: report as LambdaHandler,
    FinishReportFunction: stepHandler('FinishReport', async () => done()) as LambdaHandler,
  }
  return { handlers, settled: async () => void (await begun?.catch(() => {})) }
}

type CompareTools = Omit<Tools, 'pacing'> & Pick<Asked, 'window'>

async function compareAll(event: StepEvent, tools: CompareTools): Promise<Comparison> {
  const { question, progress, window, signal } = tools
  const pacing = new Pacing(event.task, window, signal)
  const known = new Map(progress.databases.map((one) => [one.database, one]))
  for (const database of event.task.databases) {
    if (known.has(database.name)) continue
    await progress.ended(await compareAndRepair(event, database, { ...tools, pacing }))
  }
  const databases = [...progress.databases]
  return {
    ...{ task: event.run.id, mode: question.mode, began: progress.began, ended: new Date().toISOString(), databases },
    state: databases.every(({ state }) => state === 'equal') ? 'equal' : 'differs',
  }
}

/** What was repaired is compared again: told is what differs then. */
async function compareAndRepair(event: StepEvent, database: DatabaseIdentity, tools: Tools): Promise<ComparedDatabase> {
  const { compared, work, differing } = await compareDatabase(event, database, tools)
  const isBehind = (compared.sequences?.different.length ?? 0) > 0
  const { repair, losesRows = false } = tools.question
  if (repair === null || (differing.length === 0 && !isBehind)) return compared
  const requireLossless = () => {
    if (repair === 'tables' && !losesRows) requireNothingLost(compared.tables)
    if (repair === 'rows' && !losesRows) requireNoneAlone(compared.tables)
  }
  // Refused, too: what is mended then is read again.
  tools.progress.forget(database.name)
  const differs = new Set(differing.map(({ relation }) => relation))
  const whole = work.tables.filter(({ relation }) => differs.has(relation))
  const wanted = repair === 'tables' ? whole : differing
  const repaired = await repairDatabase({ ...event, database }, work, wanted, tools, requireLossless)
  const again = await compareDatabase(event, database, tools)
  return { ...again.compared, repaired: { tables: [...repaired.tables], sequences: repaired.sequences } }
}
