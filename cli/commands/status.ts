import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { awsCall } from '../../lambdas/core/cloud/aws-errors.ts'
import { durationText, numberOf } from '../../lambdas/core/present/units.ts'
import type { Endpoint } from '../../lambdas/core/runtime/event.ts'
import { isRecord } from '../../lambdas/core/task/rule.ts'
import {
  executionArn,
  findStateMachine,
  ofExecution,
  type StateMachine,
  type StateMachineOptions,
  stateMachineOptions,
} from '../cloud/state-machine.ts'
import { whereIs } from '../cloud/whereabouts.ts'
import { exitStatus } from '../exit-status.ts'
import { readCause } from '../failed-execution.ts'
import { hidePasswords } from '../passwords.ts'
import { errorText, printError } from '../problem-text.ts'
import { readTaskOrRefuse } from '../read-task.ts'
import { showRun } from '../status/run-status.ts'
import { stoppable } from '../stoppable.ts'
import { readTaskFile } from '../task-file.ts'
import { toEndpoint } from './limits.ts'

interface Options extends StateMachineOptions {
  readonly at?: Endpoint
  readonly watch?: boolean
  readonly json?: boolean
}

export function statusCommand(): Command {
  const command = new Command('status')
    .description(
      'Say how a run is doing: by its task, from the ledgers on its destination, wherever it runs; or an execution of the deployed state machine by its name. Without either, the latest ten executions.',
    )
    .argument('[run]', 'the task of the run, or - for standard input; or the name or ARN of an execution')
    .option('--watch', 'look on until it has ended')
    .option('--json', 'of a task: as JSON')
    .option('--at <host:port>', 'of a task: where the destination answers, if not where the task says', toEndpoint)
  for (const option of stateMachineOptions()) command.addOption(option)
  return command.action(async (run: string | undefined, options: Options) => {
    if (run !== undefined && isTask(run)) {
      await describeTask(run, options)
      return
    }
    const machine = await findStateMachine(options, run)
    if (run === undefined) await listExecutions(machine)
    else await describeExecution(machine, run, options.watch ?? false)
  })
}

/** No name of an execution has a dot or a slash. */
function isTask(run: string): boolean {
  return run === '-' || (!run.startsWith('arn:') && /[./\\]/.test(run))
}

async function describeTask(path: string, { at, watch = false, json = false }: Options): Promise<void> {
  const { task: input, variables } = hidePasswords(await readTaskFile(path))
  const task = readTaskOrRefuse(input, path, json)
  if (task === null) return
  Object.assign(process.env, variables)
  const { result, unexpected } = await stoppable((signal) => showRun(task, { at, watch, json, signal }))
  process.exitCode = unexpected ? exitStatus.failed : result
}

/** Between two looks at an execution. */
const EVERY = 5_000

async function describeExecution(machine: StateMachine, execution: string, watch: boolean): Promise<void> {
  const arn = executionArn(machine, execution)
  const command = new machine.sdk.DescribeExecutionCommand({ executionArn: arn })
  const look = () => ofExecution(arn, 'read the execution', () => machine.client.send(command))
  let found = await look()
  let told = ''
  while (watch && found.status === 'RUNNING') {
    const text = await whereaboutsText(machine, arn, found.input)
    if (text !== told) process.stdout.write(text)
    told = text
    await sleep(EVERY)
    found = await look()
  }
  process.stdout.write(`${line(found.name, found.status, found.startDate, found.stopDate)}\n`)
  if (found.error !== undefined) process.stdout.write(`${failureText(found.error, found.cause ?? '')}\n`)
  if (found.status === 'RUNNING') await printWhereabouts(machine, arn, found.input)
  process.stdout.write(firstStartText(found.output))
  if (found.status === 'RUNNING' || found.status === 'SUCCEEDED') return
  if (found.status === 'ABORTED' || found.status === 'TIMED_OUT')
    process.stdout.write('the same task, started under another --execution, continues where it was\n')
  process.exitCode = exitStatusOf(found.error)
}

/** The second delivery of an event succeeds without doing anything. */
function firstStartText(output: string | undefined): string {
  const told: unknown = output === undefined ? null : JSON.parse(output)
  if (!isRecord(told) || typeof told.startedBefore !== 'string') return ''
  return `  its event was delivered twice and had started ${told.startedBefore} before: this one did nothing\n`
}

function failureText(error: string, cause: string): string {
  const told = readCause(error, cause)
  return told === null ? `${error}  ${cause}` : errorText(told)
}

/** How far it is, in the words of the state machine. Without the right to read the history, only that it runs. */
async function printWhereabouts(machine: StateMachine, arn: string, input: string | undefined): Promise<void> {
  try {
    process.stdout.write(await whereaboutsText(machine, arn, input))
  } catch (thrown) {
    printError(thrown)
  }
}

async function whereaboutsText(machine: StateMachine, arn: string, input = 'null'): Promise<string> {
  const { run, databases, running } = await whereIs(machine, arn, input)
  if (run === null) return ''
  const ended = databases === null ? '' : `, ${databases.ended} of ${numberOf(databases.total, 'database')} ended`
  return [
    `  ${run.state} since ${timeOf(run.since)}${ended}\n`,
    ...running.map(({ database, state, since }) => `  ${database}: ${state} since ${timeOf(since)}\n`),
  ].join('')
}

/** The same exit status as `sampan run` has for the same end. */
function exitStatusOf(error: string | undefined): number {
  if (error === 'TaskInvalid') return exitStatus.wrongTask
  return error === 'PrecheckRefused' ? exitStatus.refused : exitStatus.failed
}

async function listExecutions({ arn, client, sdk }: StateMachine): Promise<void> {
  const command = new sdk.ListExecutionsCommand({ stateMachineArn: arn, maxResults: 10 })
  const { executions } = await awsCall('list the executions', () => client.send(command))
  for (const each of executions ?? []) {
    process.stdout.write(`${line(each.name, each.status, each.startDate, each.stopDate)}\n`)
  }
}

function line(name = '', status = '', started: Date = new Date(), stopped: Date = new Date()): string {
  const took = durationText((stopped.getTime() - started.getTime()) / 1000)
  return `${status.padEnd(9)}  ${timeOf(started)}  ${took.padStart(12)}  ${name}`
}

function timeOf(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}
