import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { readEnvironment } from '../../lambdas/core/runtime/environment.ts'
import { createLogger } from '../../lambdas/core/runtime/logging.ts'
import { closeAccess } from '../../lambdas/stages/access/close.ts'
import { hintsOf } from '../../lambdas/stages/access/hints.ts'
import { closeLeftovers } from '../../lambdas/stages/access/leftovers.ts'
import type { AccessTools } from '../../lambdas/stages/access/tools.ts'
import { newExecutionName } from '../execution-name.ts'
import { dropLeftScratches } from '../left-scratches.ts'
import { hidePasswords } from '../passwords.ts'
import { readTaskOrRefuse } from '../read-task.ts'
import { readTaskFile } from '../task-file.ts'

export function sweepCommand(): Command {
  return new Command('sweep')
    .description(
      'Close what killed runs of a task on this machine, or another one, left open: security group rules and the whitelist group. What they left to try new names in is dropped. Not while the task runs.',
    )
    .argument('<task>', 'a task as JSON, or - for standard input')
    .option('--out <directory>', 'where the killed run wrote its documents, if it is known', 'out')
    .action(async (path: string, options: { out: string }) => {
      const { task: input, variables } = hidePasswords(await readTaskFile(path))
      const task = readTaskOrRefuse(input, path)
      if (task === null) return
      Object.assign(process.env, variables)
      const SAMPAN_ARTEFACTS = pathToFileURL(resolve(options.out)).href
      // A deployed stack has nets of its own, and its rules are not this command's.
      const environment = readEnvironment({ ...process.env, SAMPAN_ARTEFACTS, SAMPAN_STACK: undefined })
      const run = { id: task.name, execution: newExecutionName(task.name) }
      const tools: AccessTools = {
        environment,
        signal: new AbortController().signal,
        clock: () => new Date(),
        logger: createLogger('off', {}),
      }
      const hints = { ...hintsOf({ task }, tools), wholeGroup: true }
      // Before the way to the destination is closed, by which it may be reached.
      const scratches = await dropLeftScratches(task, environment)
      const leftovers = await closeLeftovers(run, hints, tools, true)
      // The whitelist group is the run's; with no record of who filled it, it is emptied all the same.
      const { closed } = await closeAccess(run, hints, tools)
      for (const execution of leftovers.closed) process.stdout.write(`closed what ${execution} had left open\n`)
      for (const execution of leftovers.left)
        process.stdout.write(`left alone what ${execution} has open: its process is at work on this machine\n`)
      if (closed > 0) process.stdout.write(`closed ${closed} whitelist entries that no record tells of\n`)
      for (const line of scratches) process.stdout.write(`${line}\n`)
      if (leftovers.closed.length + leftovers.left.length + closed + scratches.length === 0)
        process.stdout.write('nothing was open\n')
    })
}
