import { Command, InvalidArgumentError } from 'commander'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import type { Endpoint } from '../../lambdas/core/runtime/event.ts'
import { type ChangedRun, changeRun, type LimitsChange } from '../../lambdas/stages/copy/pace/change-run.ts'
import { changeInCloud } from '../cloud/change-run.ts'
import { findStateMachine, type StateMachineOptions, stateMachineOptions } from '../cloud/state-machine.ts'
import { changedLines, requireChanged } from '../limits-text.ts'
import { hidePasswords } from '../passwords.ts'
import { readTaskOrRefuse } from '../read-task.ts'
import { readTaskFile } from '../task-file.ts'

/** `none` lifts a limit. */
type Amount = number | 'none'

interface Options extends RunOptions {
  readonly lanes?: Amount | 'auto'
  readonly rowsPerSecond?: Amount
  readonly megabytesPerSecond?: Amount
  readonly queriesPerSecond?: Amount
  readonly sourceCpu?: Amount
  readonly sourceLatency?: Amount
}

export function limitsCommand(): Command {
  return withRun(
    new Command('limits').description(
      'Show or change the limits of a run, also while it goes on: its lanes look every few seconds.',
    ),
  )
    .option('--lanes <number>', 'how many lanes copy at once; ends their counting, auto begins it', toLanes)
    .option('--rows, --rows-per-second <number>', 'all lanes together; none lifts the limit', toAmount)
    .option('--megabytes, --megabytes-per-second <number>', 'all lanes together; none lifts the limit', toAmount)
    .option('--queries, --queries-per-second <number>', 'all lanes together; none lifts the limit', toAmount)
    .option('--source-cpu <percent>', 'slow down while the source’s CPU is above it; only with rdsInstance', toAmount)
    .option(
      '--source-latency <milliseconds>',
      'slow down while the source takes longer to answer; none: never',
      toAmount,
    )
    .action((run: string, options: Options) => changeAndTell(run, options, toChange(options)))
}

/** What a change of a run is given to, beside the change. */
export interface RunOptions extends StateMachineOptions {
  readonly at?: Endpoint
}

/** Which run, and where it is. None of the stack’s options has a default here: with one of them the stack's own function does it. */
export function withRun(command: Command): Command {
  command
    .argument(
      '<run>',
      'the task of the run, or - for standard input; with --stack the name of an execution, whose databases this machine need not reach',
    )
    .option(
      '--at <host:port>',
      'where the destination answers; default: the host of the task, or the endpoint of its ApsaraDB instance, asked of ' +
        'Alibaba Cloud (its whitelist must let this machine in)',
      toEndpoint,
    )
  for (const option of stateMachineOptions()) command.addOption(option.default(undefined))
  return command
}

/**
 * Changes a run and says what holds then.
 * @throws SampanError RUN_NOT_COPYING, RUN_IS_COMPLETE; what kept it from databases, behind what became of the others
 */
export async function changeAndTell(run: string, options: RunOptions, change: LimitsChange): Promise<void> {
  const { stack, stateMachine } = options
  const changed =
    stack || stateMachine
      ? await changeInCloud(await findStateMachine(options, run), run, change)
      : await changeFromHere(run, options, change)
  if (changed === null) return
  for (const line of changedLines(changed.databases)) process.stdout.write(`${line}\n`)
  if (changed.failed !== null) throw changed.failed
  requireChanged(run, changed.databases)
}

/** `null` where the task is wrong, which has been said. */
async function changeFromHere(path: string, options: RunOptions, change: LimitsChange): Promise<ChangedRun | null> {
  const { task: input, variables } = hidePasswords(await readTaskFile(path))
  const task = readTaskOrRefuse(input, path)
  if (task === null) return null
  if (typeof change.sourceCpuPercent === 'number' && task.source.rdsInstance === undefined) throw cpuUnknown()
  Object.assign(process.env, variables)
  return changeRun(task, change, process.env, { at: options.at })
}

/** Only what was given on the command line. There is always a number of lanes. */
function toChange(options: Options): LimitsChange {
  const { lanes, rowsPerSecond, megabytesPerSecond, queriesPerSecond, sourceCpu, sourceLatency } = options
  const limit = (amount: Amount, factor = 1) => (amount === 'none' ? null : amount * factor)
  return {
    ...(typeof lanes === 'number' ? { lanes: Math.ceil(lanes) } : {}),
    ...(lanes === 'auto' ? { lanes } : {}),
    ...(rowsPerSecond === undefined ? {} : { rowsPerSecond: limit(rowsPerSecond) }),
    ...(megabytesPerSecond === undefined ? {} : { bytesPerSecond: limit(megabytesPerSecond, 1_000_000) }),
    ...(queriesPerSecond === undefined ? {} : { queriesPerSecond: limit(queriesPerSecond) }),
    ...(sourceCpu === undefined ? {} : { sourceCpuPercent: limit(sourceCpu) }),
    ...(sourceLatency === undefined ? {} : { sourceLatencyMilliseconds: limit(sourceLatency) }),
  }
}

function toLanes(text: string): Amount | 'auto' {
  return text === 'auto' ? text : toAmount(text)
}

function toAmount(text: string): Amount {
  if (text === 'none') return 'none'
  const number = Number(text)
  if (!(number > 0) || !Number.isFinite(number)) throw new InvalidArgumentError('give a number above 0, or none')
  return number
}

/** `host:port`, of IPv6 in brackets. */
export function toEndpoint(text: string): Endpoint {
  const at = /^(.+):(\d+)$/.exec(text)
  if (at?.[1] === undefined) throw new InvalidArgumentError('give host:port')
  return { host: at[1].replace(/^\[(.*)\]$/, '$1'), port: Number(at[2]) }
}

function cpuUnknown(): SampanError {
  return new SampanError({
    code: 'TASK_AUTOMATIC_CPU',
    message: 'the source is not named by rdsInstance: CloudWatch knows the CPU of no other server',
    remedy: 'give --source-latency instead, or name the source by rdsInstance in the task',
  })
}
