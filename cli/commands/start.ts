import { createHash } from 'node:crypto'
import { Command, InvalidArgumentError } from 'commander'
import { toAwsError } from '../../lambdas/core/cloud/aws-errors.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import { changeInCloud } from '../cloud/change-run.ts'
import {
  findStateMachine,
  type StateMachine,
  type StateMachineOptions,
  stateMachineOptions,
} from '../cloud/state-machine.ts'
import { watchExecution } from '../cloud/watch-execution.ts'
import { exitStatus } from '../exit-status.ts'
import { errorText } from '../problem-text.ts'
import { ProgressModel } from '../progress/model.ts'
import { readTaskOrRefuse } from '../read-task.ts'
import { stoppable } from '../stoppable.ts'
import { readTaskFile } from '../task-file.ts'
import type { LivePage } from '../ui/live-page.ts'
import { type UiOptions, withPage, withUiOption } from '../ui/ui-options.ts'

export function startCommand(): Command {
  const command = new Command('start')
    .description('Start a task as an execution of the deployed state machine, and print its ARN.')
    .argument('<task>', 'a task as JSON, or - for standard input')
    .option(
      '--execution <name>',
      'name of the execution: the same name and task start nothing twice. Default: the task’s name and a digest of it',
      toExecutionName,
    )
  withUiOption(command)
  for (const option of stateMachineOptions()) command.addOption(option)
  return command.action(async (path: string, options: StateMachineOptions & UiOptions & { execution?: string }) => {
    const input = await readTaskFile(path)
    const task = readTaskOrRefuse(input, path)
    if (task === null) return
    for (const side of ['source', 'destination'] as const) refuseLocalPassword(side, task[side])
    const machine = await findStateMachine(options)
    const text = JSON.stringify(input)
    const name = options.execution ?? executionName(task.name, text)
    await withPage(options, async (page) => {
      const arn = await startExecution(machine, name, text)
      process.stdout.write(`${arn}\n`)
      if (page !== null) await showExecution(machine, { arn, name, task }, page)
    })
  })
}

async function startExecution(machine: StateMachine, name: string, input: string): Promise<string> {
  try {
    const started = await machine.client.send(
      new machine.sdk.StartExecutionCommand({ stateMachineArn: machine.arn, name, input }),
    )
    return started.executionArn ?? ''
  } catch (thrown) {
    if (!(thrown instanceof machine.sdk.ExecutionAlreadyExists)) throw toAwsError(thrown, 'start the execution')
    throw new SampanError({
      code: 'EXECUTION_EXISTS',
      message: `there has been an execution ${name} within the last 90 days`,
      remedy: `see it with sampan status ${name}; to go on where the run stopped, start with another --execution`,
      cause: thrown,
    })
  }
}

interface Started {
  readonly arn: string
  readonly name: string
  readonly task: Task
}

/** Looks on until the execution has ended; Ctrl-C ends the looking, not the execution. */
async function showExecution(machine: StateMachine, { arn, name, task }: Started, page: LivePage): Promise<void> {
  const model = new ProgressModel(task.databases.map((database) => database.name))
  const run = { name: task.name, execution: name, mode: task.mode }
  const display = page.show(model, run, (limits) => changeInCloud(machine, arn, limits))
  const { result: end, unexpected } = await stoppable((signal) => watchExecution(machine, arn, model, { signal }))
  await display.end()
  if (end === null) {
    process.stderr.write(`The execution goes on: sampan status ${name}\n`)
    process.exitCode = unexpected ? exitStatus.failed : exitStatus.stopped
    return
  }
  const { status, error, milliseconds } = end
  page.take({ type: 'end', at: new Date().toISOString(), exitStatus: status, error, milliseconds, report: null })
  if (error !== null) process.stderr.write(`${errorText(error)}\n`)
  process.exitCode = unexpected ? exitStatus.failed : status
}

/** What Step Functions takes, as far as it can be logged. https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
function toExecutionName(text: string): string {
  if (/^[\w-]{1,80}$/.test(text)) return text
  throw new InvalidArgumentError('give 1 to 80 letters, digits, - and _')
}

/** The same task gives the same name, so that two starts by mistake are one. At most 72 of the 80 characters. */
function executionName(task: string, text: string): string {
  return `${task}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`
}

/** An execution's input is kept for 90 days, and its functions see no file of this machine. */
function refuseLocalPassword(side: string, fields: { readonly password?: unknown; readonly passwordFile?: unknown }) {
  if (fields.password === undefined && fields.passwordFile === undefined) return
  throw new SampanError({
    code: fields.password === undefined ? 'TASK_PASSWORD_FILE_IS_LOCAL' : 'TASK_PASSWORD_IN_HISTORY',
    message: `${side} gives its password in a way that only works on one machine`,
    remedy: `store it in Secrets Manager and put its name or ARN into ${side}.secret`,
  })
}
