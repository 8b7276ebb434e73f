import { Command } from 'commander'
import { readEnvironment } from '../../lambdas/core/runtime/environment.ts'
import { createLogger } from '../../lambdas/core/runtime/logging.ts'
import { examine } from '../../lambdas/stages/access/examine.ts'
import type { Reach } from '../../lambdas/stages/access/reach.ts'
import { requireRegion } from '../cloud/own-region.ts'
import { toRegion } from '../cloud/state-machine.ts'
import { exitStatus } from '../exit-status.ts'
import { readTaskOrRefuse } from '../read-task.ts'
import { readTaskFile } from '../task-file.ts'

interface DoctorOptions {
  readonly stack: string
  readonly region?: string
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Say what a deployed stack reaches (source, destination, Secrets Manager, S3), by what, and why not; before it is deployed, which network option reaches the source. Changes nothing.',
    )
    .argument('<task>', 'a task as JSON, or - for standard input')
    .option('--stack <name>', 'the stack, deployed or to be', 'Sampan')
    .option('--region <region>', 'where the stack is, or is to be; default as AWS’s own tools have it', toRegion)
    .action(async (path: string, options: DoctorOptions) => {
      const task = readTaskOrRefuse(await readTaskFile(path), path)
      if (task === null) return
      const region = options.region ?? (await requireRegion())
      // It writes no document; the directory is never made.
      const own = { AWS_REGION: region, SAMPAN_ARTEFACTS: 'file:///nowhere' }
      const environment = readEnvironment({ ...process.env, ...own })
      const logger = createLogger('off', {})
      const tools = { environment, signal: new AbortController().signal, clock: () => new Date(), logger }
      const { layout, reach, suggestion } = await examine(task, options.stack, region, tools)
      const say = (line: string) => process.stdout.write(`${line}\n`)

      if (layout === null) say(`there is no stack ${options.stack} in ${region} yet`)
      else if (layout.vpcId === null) say(`${options.stack} runs in no VPC`)
      else
        say(
          `${options.stack} runs in ${layout.vpcId} and leaves by ${layout.egressAddresses.join(', ') || 'no address it knows'}`,
        )
      for (const line of reach.map(lineOf)) say(line)
      const unreached = reach.filter(({ reached }) => reached === false)
      if (unreached.length > 0) process.exitCode = exitStatus.failed
      if (layout !== null && !unreached.some(({ what }) => what.startsWith('source'))) return
      if (suggestion !== null) {
        say(`the source is reached with the option network: ${JSON.stringify(suggestion.network)}`)
        say(`  ${suggestion.why}`)
      } else if (task.source.rdsInstance !== undefined) {
        say(`no stack in ${region} reaches the source: deploy one in ${task.source.region ?? 'its region'}`)
      }
    })
}

function lineOf({ what, reached, how }: Reach): string {
  const mark = reached === null ? '?' : reached ? '✓' : '✗'
  return `${mark} ${what}: ${how}`
}
