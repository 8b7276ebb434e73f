import { Command, InvalidArgumentError } from 'commander'
import { apsara } from '../../lambdas/cloud/apsara.ts'
import { type CurrentLimits, changeLimits, type Limits } from '../../lambdas/ledger/limits.ts'
import { readProgress } from '../../lambdas/ledger/progress.ts'
import { openDestination } from '../../lambdas/postgres/sessions.ts'
import { SampanError } from '../../lambdas/runtime/errors.ts'
import type { Endpoint } from '../../lambdas/runtime/event.ts'
import { laneNumbers } from '../../lambdas/task/lanes.ts'
import { readTask } from '../../lambdas/task/problems.ts'
import type { Task } from '../../lambdas/task/task.ts'
import { exitStatus } from '../exit-status.ts'
import { hidePasswords } from '../passwords.ts'
import { problemsText } from '../problem-text.ts'
import { describePace } from '../progress/pace.ts'
import { formatBytes } from '../progress/units.ts'
import { readTaskFile } from '../task-file.ts'

/** `none` lifts a limit. */
type Amount = number | 'none'

interface Options {
  readonly at?: Endpoint
  readonly lanes?: Amount | 'auto'
  readonly rowsPerSecond?: Amount
  readonly megabytesPerSecond?: Amount
  readonly queriesPerSecond?: Amount
  readonly sourceCpu?: Amount
  readonly sourceLatency?: Amount
}

export function limitsCommand(): Command {
  return new Command('limits')
    .description('Show or change the limits of a run, also while it goes on: its lanes look every few seconds.')
    .argument('<task>', 'the task of the run, or - for standard input')
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
    .option(
      '--at <host:port>',
      'where the destination answers; default: the host of the task, or the endpoint of its ApsaraDB instance, asked of ' +
        'Alibaba Cloud (its whitelist must let this machine in)',
      toEndpoint,
    )
    .action(async (path: string, options: Options) => {
      const { task: input, variables } = hidePasswords(await readTaskFile(path))
      const { task, problems } = readTask(input)
      if (task === null) {
        process.stderr.write(`${problemsText(problems, path)}\n`)
        process.exitCode = exitStatus.wrongTask
        return
      }
      if (typeof options.sourceCpu === 'number' && task.source.rdsInstance === undefined) throw cpuUnknown()
      Object.assign(process.env, variables)
      const destination = options.at ?? (await findDestination(task))
      const found: string[] = []
      for (const database of task.databases) {
        const limits = await changeIn(task, database, destination, options)
        if (limits !== null) found.push(database.as)
        process.stdout.write(`${database.as}: ${limits === null ? NOT_COPYING : describeLimits(limits)}\n`)
      }
      if (found.length === 0) throw notCopying(task)
    })
}

const NOT_COPYING = 'has not planned its copy: the limits of the task will hold there'

async function findDestination({ destination }: Task): Promise<Endpoint> {
  const { host, port, apsaraInstance, region } = destination
  if (host !== undefined) return { host, port }
  return apsara(process.env, region ?? '', apsaraInstance ?? '').endpoint()
}

/** Of one database; `null` where it has no plan of the copy yet. */
async function changeIn(
  task: Task,
  database: Task['databases'][number],
  destination: Endpoint,
  options: Options,
): Promise<CurrentLimits | null> {
  const run = { id: task.name, execution: 'limits' }
  const endpoints = { source: destination, destination }
  const event = { run, task, endpoints, database, lane: null, window: null }
  const session = await openDestination(event, process.env, { purpose: 'limits' })
  try {
    const progress = await readProgress(session, task.name)
    if (progress === null || progress.chunks === 0) return null
    return await changeLimits(session, task.name, toLimits(task, options))
  } finally {
    await session.close()
  }
}

/** Only what was given on the command line. There is always a number of lanes. */
function toLimits(task: Task, options: Options): Partial<Limits> {
  const { lanes, rowsPerSecond, megabytesPerSecond, queriesPerSecond, sourceCpu, sourceLatency } = options
  const limit = (amount: Amount, factor = 1) => (amount === 'none' ? null : amount * factor)
  return {
    ...(typeof lanes === 'number' ? { lanes: Math.ceil(lanes), mostLanes: null } : {}),
    ...(lanes === 'auto' ? { mostLanes: laneNumbers(task).most } : {}),
    ...(rowsPerSecond === undefined ? {} : { rowsPerSecond: limit(rowsPerSecond) }),
    ...(megabytesPerSecond === undefined ? {} : { bytesPerSecond: limit(megabytesPerSecond, 1_000_000) }),
    ...(queriesPerSecond === undefined ? {} : { queriesPerSecond: limit(queriesPerSecond) }),
    ...(sourceCpu === undefined ? {} : { sourceCpuPercent: limit(sourceCpu) }),
    ...(sourceLatency === undefined ? {} : { sourceLatencyMilliseconds: limit(sourceLatency) }),
  }
}

function describeLimits(limits: CurrentLimits): string {
  const { lanes, mostLanes, rowsPerSecond, bytesPerSecond, queriesPerSecond } = limits
  const { sourceCpuPercent, sourceLatencyMilliseconds } = limits
  const rates = [
    ...(rowsPerSecond === null ? [] : [`${rowsPerSecond} rows/s`]),
    ...(bytesPerSecond === null ? [] : [`${formatBytes(bytesPerSecond)}/s`]),
    ...(queriesPerSecond === null ? [] : [`${queriesPerSecond} queries/s`]),
    ...(sourceCpuPercent === null ? [] : [`CPU of the source below ${sourceCpuPercent} %`]),
    ...(sourceLatencyMilliseconds === null ? [] : [`latency of the source below ${sourceLatencyMilliseconds} ms`]),
  ]
  const counted = mostLanes === null ? '' : ` (counted, ${mostLanes} at most)`
  const given = [`${lanes} lanes${counted}`, ...(rates.length === 0 ? ['no other limit'] : rates)].join(', ')
  return [given, ...describePace(limits)].join('; ')
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

function toEndpoint(text: string): Endpoint {
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

function notCopying({ name, databases }: Task): SampanError {
  return new SampanError({
    code: 'RUN_NOT_COPYING',
    message: `no database of the task (${databases.map(({ as }) => as).join(', ')}) has a run ${name} that has planned its copy`,
    remedy: 'start the run first, or correct the name of the task; before a run, limits belong into the task',
  })
}
