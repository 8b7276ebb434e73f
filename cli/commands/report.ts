import { join } from 'node:path'
import { Command } from 'commander'
import { artefactKey, artefacts } from '../../lambdas/core/cloud/artefacts.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { writePrivately } from '../../lambdas/core/runtime/private-files.ts'
import { isRecord } from '../../lambdas/core/task/rule.ts'
import { startOf } from '../../lambdas/core/task/start.ts'
import {
  artefactsOf,
  executionArn,
  findStateMachine,
  ofExecution,
  type StateMachineOptions,
  stateMachineOptions,
} from '../cloud/state-machine.ts'
import { makeOutDirectory } from '../out-directory.ts'
import { detailsOf, pageForOut } from '../report-files.ts'

type Options = StateMachineOptions & { readonly artefacts?: string; readonly out: string }

export function reportCommand(): Command {
  const command = new Command('report')
    .description('Fetch report.json and report.html of an execution of the deployed state machine.')
    .argument('<execution>', 'name or ARN of the execution')
    .option('--out <directory>', 'where to write them', 'out')
    .option('--artefacts <url>', 's3://bucket/prefix of the stack; default: the tag of its state machine')
  for (const option of stateMachineOptions()) command.addOption(option)
  return command.action(async (execution: string, options: Options) => {
    const machine = await findStateMachine(options, execution)
    const arn = executionArn(machine, execution)
    const describe = new machine.sdk.DescribeExecutionCommand({ executionArn: arn })
    const found = await ofExecution(arn, 'read the execution', () => machine.client.send(describe))
    const location = options.artefacts ?? (await artefactsOf(machine)) ?? process.env.SAMPAN_ARTEFACTS
    const region = machine.arn.split(':')[3]
    const store = artefacts({ ...process.env, AWS_REGION: region, SAMPAN_ARTEFACTS: location })
    const run = { id: taskName(found.input), execution: found.name ?? '' }
    const directory = await makeOutDirectory(options.out)
    const needed = async (name: string) => {
      const text = await store.read(artefactKey(run, name))
      if (text === null) throw noReport(execution, found.status ?? '')
      return text
    }
    const report = await needed('report.json')
    const page = pageForOut(await needed('report.html'), run)
    const write = async (name: string, text: string) => {
      await writePrivately(directory, join(directory, ...name.split('/')), text)
      process.stdout.write(`${join(directory, name)}\n`)
    }
    await write('report.json', report)
    await write('report.html', page)
    for (const key of detailsOf(report, run)) {
      const text = await store.read(key)
      if (text !== null) await write(key, text)
    }
  })
}

/** The run's name, out of the execution's input: a task, or what an event or a schedule has delivered. */
function taskName(input: string | undefined): string {
  const { task } = startOf(JSON.parse(input ?? 'null'))
  return isRecord(task) && typeof task.name === 'string' ? task.name : ''
}

function noReport(execution: string, status: string): SampanError {
  return new SampanError({
    code: 'REPORT_NOT_FOUND',
    message: `${execution} (${status}) has no report`,
    remedy: 'a report is written when the databases have come to their end, and not for a task that is wrong',
  })
}
