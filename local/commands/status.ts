import { Command } from 'commander'
import { awsCall } from '../../lambdas/cloud/aws-errors.ts'
import {
  executionArn,
  findStateMachine,
  type StateMachine,
  type StateMachineOptions,
  stateMachineOptions,
} from '../cloud/state-machine.ts'
import { exitStatus } from '../exit-status.ts'
import { formatDuration } from '../progress/units.ts'

export function statusCommand(): Command {
  const command = new Command('status')
    .description('Say how an execution of the deployed state machine is doing; without a name, the latest ten.')
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
  if (found.status === 'RUNNING' || found.status === 'SUCCEEDED') return
  process.exitCode = exitStatusOf(found.error)
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
  const took = formatDuration(stopped.getTime() - started.getTime())
  return `${status.padEnd(9)}  ${started.toISOString().slice(0, 19)}Z  ${took.padStart(12)}  ${name}`
}
