import { Command } from 'commander'
import { awsCall } from '../../lambdas/core/cloud/aws-errors.ts'
import { durationText, numberOf } from '../../lambdas/core/present/units.ts'
import {
  executionArn,
  findStateMachine,
  type StateMachine,
  type StateMachineOptions,
  stateMachineOptions,
} from '../cloud/state-machine.ts'
import { whereIs } from '../cloud/whereabouts.ts'
import { exitStatus } from '../exit-status.ts'
import { printError } from '../problem-text.ts'

export function statusCommand(): Command {
  const command = new Command('status')
    .description(
      'Say how an execution of the deployed state machine is doing and in which states it is; without a name, the latest ten.',
    )
    .argument('[execution]', 'name or ARN of the execution')
  for (const option of stateMachineOptions()) command.addOption(option)
  return command.action(async (execution: string | undefined, options: StateMachineOptions) => {
    const machine = await findStateMachine(options)
    if (execution === undefined) await listExecutions(machine)
    else await describeExecution(machine, execution)
  })
}

async function describeExecution(machine: StateMachine, execution: string): Promise<void> {
  const command = new machine.sdk.DescribeExecutionCommand({ executionArn: executionArn(machine, execution) })
  const found = await awsCall('read the execution', () => machine.client.send(command))
  process.stdout.write(`${line(found.name, found.status, found.startDate, found.stopDate)}\n`)
  if (found.error !== undefined) process.stdout.write(`${found.error}  ${found.cause ?? ''}\n`)
  if (found.status === 'RUNNING') await printWhereabouts(machine, executionArn(machine, execution))
  if (found.status === 'RUNNING' || found.status === 'SUCCEEDED') return
  process.exitCode = exitStatusOf(found.error)
}

/** How far it is, in the words of the state machine. Without the right to read the history, only that it runs. */
async function printWhereabouts(machine: StateMachine, arn: string): Promise<void> {
  try {
    const { run, databases, running } = await whereIs(machine, arn)
    if (run === null) return
    const ended = databases === null ? '' : `, ${databases.ended} of ${numberOf(databases.total, 'database')} ended`
    process.stdout.write(`  ${run.state} since ${timeOf(run.since)}${ended}\n`)
    for (const { database, state, since } of running) {
      process.stdout.write(`  ${database}: ${state} since ${timeOf(since)}\n`)
    }
  } catch (thrown) {
    printError(thrown)
  }
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
