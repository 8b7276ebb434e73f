import { Command } from 'commander'
import { readTask } from '../../lambdas/core/task/problems.ts'
import { exitStatus } from '../exit-status.ts'
import { problemsText } from '../problem-text.ts'
import { type EndOptions, readTaskInput, withEndOptions } from '../task-input.ts'

export function validateCommand(): Command {
  return withEndOptions(new Command('validate'))
    .description('Check a task and print every problem at once, with path, cause and remedy. Connects to nothing.')
    .argument('[task]', 'a task as JSON, or - for standard input')
    .option('--json', 'print {"valid", "problems"} as JSON')
    .action(async (path: string | undefined, options: EndOptions & { json?: boolean }) => {
      const { input, named } = await readTaskInput(path, options)
      const { task, problems } = readTask(input)
      if (options.json) {
        process.stdout.write(`${JSON.stringify({ valid: task !== null, problems }, null, 2)}\n`)
      } else if (task === null) process.stderr.write(`${problemsText(problems, named)}\n`)
      else process.stdout.write(`${named}: a valid task, ${task.databases.length} database(s)\n`)
      process.exitCode = task === null ? exitStatus.wrongTask : exitStatus.done
    })
}
