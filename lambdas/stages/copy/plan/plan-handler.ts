import { artefacts } from '../../../core/cloud/artefacts.ts'
import { wholeTask } from '../../../core/cloud/database-list.ts'
import { applyAsked, readAsked } from '../../../core/ledger/asked.ts'
import { openRound } from '../../../core/ledger/chunks/round.ts'
import { storeLimits } from '../../../core/ledger/limits.ts'
import { looksOn, requireStoredPlan } from '../../../core/ledger/onlooker.ts'
import { requireOwnStart } from '../../../core/ledger/other-start.ts'
import { readRun } from '../../../core/ledger/run.ts'
import { underWatch } from '../../../core/ledger/step-watch.ts'
import { importView } from '../../../core/ledger/view.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { openDestination, openDestinationIfMade, openSource } from '../../../core/postgres/sessions.ts'
import { toSampanError } from '../../../core/runtime/errors.ts'
import type { StepEvent } from '../../../core/runtime/event.ts'
import { type StepTools, stepHandler } from '../../../core/runtime/step-handler.ts'
import { timeKeeper } from '../../../core/runtime/time-keeper.ts'
import { done, more } from '../../../core/runtime/verdict.ts'
import { laneNumbers } from '../../../core/task/lanes.ts'
import { planCopy } from './plan-copy.ts'

/** The lanes of each Map of the workflow, by number. */
export interface LanePlan {
  readonly lanes: readonly number[]
  readonly indexLanes: readonly number[]
  readonly validateLanes: readonly number[]
}

/** What PlanCopy is called with. */
export interface PlanCopyEvent extends StepEvent {
  /** The plan is completed in the view that the keepers hold, beside them. @default as the source is now */
  readonly inView?: boolean
}

/**
 * PlanCopy: the chunks of every table, written to the ledger once; a run that is continued keeps its plan. Where the objects
 * were planned anew it is completed, and where a call's time is used up by the next one. Bounds may be of another moment than the rows: the first chunk of a table has no lower and
 * the last no upper one. A start that only plans says what the plan of a run that has begun is, and writes nothing: its limits are the run's.
 */
export const handler = stepHandler('PlanCopy', async (event: PlanCopyEvent, step) => {
  const numbers = laneNumbers(event.task)
  // Pipelined: the samples of many tables are one round trip, and so is the plan.
  const options = { purpose: 'plan-copy', signal: step.signal, pipeline: true }
  const destination = await openDestination(event, step.environment, options)
  const open: Session[] = []
  const hasTime = timeKeeper(step)
  try {
    const whole = await underWatch(event, step, { destination, source: () => open }, async () => {
      if (event.task.mode === 'plan') {
        const row = await readRun(destination, event.run.id)
        // PlanObjects has compared the source.
        if (looksOn(event.task.mode, row)) {
          requireStoredPlan(event.run, row, true)
          return true
        }
      }
      const { copyPlannedAt } = await requireOwnStart(destination, event.run)
      if (copyPlannedAt === null) {
        const source = await openSource(event, step.environment, options)
        open.push(source)
        if (event.inView) await importView(source, destination, event.run.id, step.signal)
        if (!(await planCopy(source, destination, event.task, event.run.id, hasTime))) return false
      }
      await beginRound(destination, event, step)
      return true
    })
    if (!whole) return more()
  } catch (thrown) {
    if (step.signal.aborted) return more()
    throw thrown
  } finally {
    await Promise.all([destination, ...open].map((each) => each.close()))
  }
  const beside = numbered(numbers.beside)
  return done<LanePlan>({ lanes: numbered(numbers.most), indexLanes: beside, validateLanes: beside })
})

/** The limits of this start's task hold from here on, and what was asked of the start before this database's turn came. */
async function beginRound(destination: Session, event: StepEvent, step: StepTools): Promise<void> {
  const { run, task } = event
  const numbers = laneNumbers(task)
  const megabytes = task.throttle.megabytesPerSecond
  const first = await openFirst(event, step)
  try {
    const { paused, ...asked } = await readAsked(first ?? destination, run)
    const limits = {
      lanes: numbers.first,
      mostLanes: task.lanes === 'auto' ? numbers.most : null,
      queriesPerSecond: task.throttle.queriesPerSecond,
      rowsPerSecond: task.throttle.rowsPerSecond,
      bytesPerSecond: megabytes === null ? null : megabytes * 1_000_000,
      sourceCpuPercent: task.throttle.automatic?.sourceCpuPercent ?? null,
      sourceLatencyMilliseconds: task.throttle.automatic?.sourceLatencyMilliseconds ?? null,
      ...asked,
    }
    const [isNew] = await Promise.all([storeLimits(destination, run, limits, paused), openRound(destination, run.id)])
    // Whoever asked between the two found nothing here that could be changed.
    if (isNew) await applyAsked(destination, run.id, await readAsked(first ?? destination, run))
  } finally {
    await first?.close()
  }
}

/** A session to the task's first database, which keeps what was asked; `null` where this is the first, or that one cannot be asked. */
async function openFirst(event: StepEvent, step: StepTools): Promise<Session | null> {
  const [first] = (await wholeTask(artefacts(step.environment), event)).databases
  if (first === undefined || first.as === event.database?.as) return null
  const { name, as } = first
  const options = { purpose: 'plan-copy', signal: step.signal }
  try {
    return await openDestinationIfMade({ ...event, database: { name, as } }, step.environment, options)
  } catch (thrown) {
    // What is wrong with that database is no reason for this one to fail.
    if (toSampanError(thrown).retryable) throw thrown
    return null
  }
}

function numbered(lanes: number): readonly number[] {
  return Array.from({ length: lanes }, (_, lane) => lane)
}
