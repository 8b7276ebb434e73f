import { Command } from 'commander'
import { openSource } from '../../lambdas/core/postgres/sessions.ts'
import { bytesText } from '../../lambdas/core/present/units.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { type Endpoint, eventAt } from '../../lambdas/core/runtime/event.ts'
import { Budget } from '../../lambdas/core/stream/budget.ts'
import { dropStream, readLeftovers } from '../../lambdas/core/stream/leftovers.ts'
import { streamName } from '../../lambdas/core/stream/names.ts'
import { lookAtSlot } from '../../lambdas/core/stream/retained.ts'
import { hidePasswords } from '../passwords.ts'
import { readTaskOrRefuse } from '../read-task.ts'
import { readTaskFile } from '../task-file.ts'
import { toEndpoint } from './limits.ts'

export function leftoversCommand(): Command {
  return new Command('leftovers')
    .description(
      'List what following has left on the source’s database: slots, which keep WAL for ever, and publications. On the destination a run leaves its schema sampan alone.',
    )
    .argument('<task>', 'a task of the source, or - for standard input')
    .option('--at <host:port>', 'where the source answers; default: the host of the task', toEndpoint)
    .option('--drop', 'drop what the run of this task has left; a run of it that is at work fails')
    .option(
      '--guard',
      'drop its slot where that keeps more WAL than the run allows (follow.maxRetainedMegabytes), and say nothing else: for cron, while nothing of the run is at work',
    )
    .action(async (path: string, options: { at?: Endpoint; drop?: boolean; guard?: boolean }) => {
      const { task: input, variables } = hidePasswords(await readTaskFile(path))
      const task = readTaskOrRefuse(input, path)
      if (task === null) return
      Object.assign(process.env, variables)
      const { host, port } = task.source
      const at = options.at ?? (host === undefined ? null : { host, port })
      if (at === null) throw addressUnknown()
      for (const database of task.databases) {
        const event = eventAt(at, { task, database, execution: 'leftovers' })
        const source = await openSource(event, process.env, { purpose: 'leftovers' })
        try {
          const own = streamName(event)
          if (options.guard) {
            const look = await lookAtSlot(source, own, new Budget(event, process.env))
            if (look.kind === 'gone' && look.why !== null)
              process.stdout.write(`${database.name}: its slot was given up: ${look.why}\n`)
            continue
          }
          const found = await readLeftovers(source)
          if (found.length === 0) process.stdout.write(`${database.name}: nothing is left\n`)
          for (const { kind, name, retained } of found) {
            const keeps = retained === null ? '' : `, keeps ${bytesText(Number(retained))} of WAL`
            process.stdout.write(
              `${database.name}: ${kind} ${name}${name === own ? ' of this run' : ' of another run'}${keeps}\n`,
            )
          }
          if (options.drop && found.some(({ name }) => name === own)) {
            await dropStream(source, own)
            process.stdout.write(`${database.name}: dropped what this run has left\n`)
          }
        } finally {
          await source.close()
        }
      }
    })
}

function addressUnknown(): SampanError {
  return new SampanError({
    code: 'LEFTOVERS_ADDRESS',
    message: 'the task names the source by its RDS instance, whose address this command does not ask for',
    remedy: 'give --at host:port',
  })
}
