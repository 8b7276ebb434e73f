import { setTimeout as sleep } from 'node:timers/promises'
import { done, failed, type StepError } from '../../lambdas/core/runtime/verdict.ts'
import { isRecord } from '../../lambdas/core/task/rule.ts'
import { type ExitStatus, exitStatus } from '../exit-status.ts'
import { readCause } from '../failed-execution.ts'
import type { ProgressModel } from '../progress/model.ts'
import { stageOfFunction } from '../progress/stages.ts'
import { ofExecution, type StateMachine } from './state-machine.ts'
import { type RunWhereabouts, whereIs } from './whereabouts.ts'

/** Between two looks, milliseconds: as `sampan status --watch`. */
const EVERY = 5_000

/** How an execution ended. */
export interface ExecutionEnd {
  readonly status: ExitStatus
  readonly error: Pick<StepError, 'code' | 'message' | 'remedy'> | null
  readonly milliseconds: number
}

/** A state without a function of its own name, by one of the stage that it belongs to. Never a lane's: the state itself has failed. */
const FUNCTION_OF_STATE: Readonly<Record<string, string>> = {
  DecideOutcome: 'ReportFunction',
  CloseStream: 'CloseAccessFunction',
  PrepareStream: 'PlanCopyFunction',
  CopyRows: 'SummariseCopyFunction',
  ValidateLanes: 'SummariseValidationFunction',
  ProveStandstill: 'SummariseValidationFunction',
}

/**
 * Looks on at an execution until it has ended or `signal` fires, and has a model follow: Step Functions' own history says where it is, and of
 * each database that ends how. Counts of rows are known to the ledgers alone.
 * @returns `null`: it goes on, and nobody looks any more
 * @throws SampanError an AWS error
 */
export async function watchExecution(
  machine: StateMachine,
  executionArn: string,
  model: ProgressModel,
  { signal, every = EVERY }: { readonly signal: AbortSignal; readonly every?: number },
): Promise<ExecutionEnd | null> {
  const command = new machine.sdk.DescribeExecutionCommand({ executionArn })
  const look = () => ofExecution(executionArn, 'read the execution', () => machine.client.send(command))
  const running = new Map<string, Running>()
  for (let found = await look(); ; found = await look()) {
    if (found.status !== 'RUNNING') {
      const end = endOf(found)
      if (end.status === exitStatus.stopped) model.stop()
      else await endDatabases(machine, model, running, new Set())
      // Those that came and went between two looks: the run would not have succeeded without them.
      if (end.status === exitStatus.done)
        for (const database of model.databases) model.answered({ name: 'SealFunction', database }, done())
      model.finish()
      return end
    }
    await follow(machine, model, running, await whereIs(machine, executionArn, found.input ?? 'null'))
    await sleep(every, undefined, { signal }).catch(() => {})
    if (signal.aborted) return null
  }
}

/** A database that was seen at work. */
interface Running {
  readonly arn: string
  /** The function that stands for the state it was in last. */
  name: string
}

async function follow(
  machine: StateMachine,
  model: ProgressModel,
  running: Map<string, Running>,
  { run, running: found }: RunWhereabouts,
): Promise<void> {
  if (run !== null) {
    const name = functionOf(run.state)
    if (name !== null) model.called({ name, database: null })
  }
  for (const { database, state, arn } of found) {
    const name = functionOf(state) ?? running.get(database)?.name ?? 'PlanObjectsFunction'
    running.set(database, { arn, name })
    model.called({ name, database })
  }
  await endDatabases(machine, model, running, new Set(found.map(({ database }) => database)))
}

/** What is no more at work has ended: its own execution says how. */
async function endDatabases(
  machine: StateMachine,
  model: ProgressModel,
  running: Map<string, Running>,
  still: ReadonlySet<string>,
): Promise<void> {
  for (const [database, { arn, name }] of running) {
    if (still.has(database)) continue
    running.delete(database)
    const command = new machine.sdk.DescribeExecutionCommand({ executionArn: arn })
    const { output, error, status } = await ofExecution(arn, 'read the execution of a database', () =>
      machine.client.send(command),
    )
    const end: unknown = JSON.parse(output ?? 'null')
    const told = isRecord(end) ? end : {}
    // One that Step Functions itself has ended says nothing more than that.
    const code = told.verdict === 'done' ? null : String(told.code ?? error ?? status)
    if (code === null) model.answered({ name: 'SealFunction', database }, done())
    else model.answered({ name, database }, failed({ kind: 'other', code, message: 'see the report', remedy: '' }))
  }
}

function functionOf(state: string): string | null {
  const name = FUNCTION_OF_STATE[state] ?? `${state}Function`
  return stageOfFunction.has(name) ? name : null
}

interface Described {
  readonly status?: string | undefined
  readonly error?: string | undefined
  readonly cause?: string | undefined
  readonly output?: string | undefined
  readonly startDate?: Date | undefined
  readonly stopDate?: Date | undefined
}

function endOf({ status, error, cause = '', output, startDate, stopDate }: Described): ExecutionEnd {
  const milliseconds = Math.max(0, (stopDate?.getTime() ?? 0) - (startDate?.getTime() ?? 0))
  if (status === 'SUCCEEDED') {
    const told: unknown = JSON.parse(output ?? 'null')
    const outcome = isRecord(told) ? told.outcome : null
    const incomplete = isRecord(outcome) && outcome.status === 'incomplete'
    return { status: incomplete ? exitStatus.incomplete : exitStatus.done, error: null, milliseconds }
  }
  if (status === 'ABORTED') return { status: exitStatus.stopped, error: null, milliseconds }
  const code = error ?? String(status)
  const told = readCause(code, cause) ?? {
    ...{ code, message: cause === '' ? `the execution has ended as ${status}` : cause },
    remedy: 'sampan report fetches its report; started under another --execution the same task continues where it was',
  }
  return { status: statusOf(code), error: told, milliseconds }
}

function statusOf(code: string): ExitStatus {
  if (code === 'TaskInvalid') return exitStatus.wrongTask
  return code === 'PrecheckRefused' ? exitStatus.refused : exitStatus.failed
}
